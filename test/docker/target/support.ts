import Docker from 'dockerode';
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { resolve } from 'node:path';
import type { TargetConfigOf } from '../../../src/core/config/config';
import { labels } from '../../../src/core/docker/labels';
import type { Logger } from '../../../src/core/logger';
import { hashModel } from '../../../src/core/model/hashModel';
import { inspectModel } from '../../../src/core/model/inspectModel';
import type { Signature } from '../../../src/core/model/signature';
import { makeTarget } from '../../../src/core/release/makeTarget';
import type { Sample } from '../../../src/core/sample/sample';
import { parseSamples } from '../../../src/core/sample/samplesFile';
import type { Release, Target } from '../../../src/core/target/target';
import type { TaskContext } from '../../../src/core/task';
import { sendTraffic as keepAsking, type Traffic } from '../../targets/traffic';
import { baseImages, ensureBaseImages } from '../../host/baseImages';
import { workspaceModel } from '../../unit/fixtures';

export const docker = new Docker();
const quiet: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** A target on the engine at hand. Name it like no other test does. */
export function targetOf(
  name: string,
  config: Partial<TargetConfigOf<'docker'>> = {},
  nodeBase: string = baseImages.node,
): Target {
  const settings = {
    host: '',
    proxyImage: baseImages.proxy,
    nodeBase,
    pythonBase: baseImages.python,
    dist: resolve('dist'),
    version: '0.0.0',
  };
  return makeTarget(name, { kind: 'docker', memoryMiB: 512, ...config }, settings, quiet);
}

export interface Subject {
  model: { name: string; path: string; hash: string };
  signature: Signature;
  samples: Sample[];
  note: string;
}

/** A model of the sample workspace with all that a deploy of it needs. */
export async function subjectOf(name: string): Promise<Subject> {
  await ensureBaseImages(docker);
  const path = workspaceModel(name);
  const { signature } = await inspectModel(path);
  const { samples } = parseSamples(await readFile(path.replace('.onnx', '.samples.json'), 'utf8'));
  return { model: { name, path, hash: await hashModel(path) }, signature, samples, note: 'first' };
}

export function taskOf(signal = new AbortController().signal): TaskContext {
  return { signal, report: () => undefined };
}

/** Starts a revision without proving it. */
export async function startCandidate(target: Target, subject: Subject, task = taskOf()): Promise<Release> {
  return target.apply(subject, (await target.build(subject, task))[0], task);
}

/** `2 serving ready, 1 retired stopped`: newest first. */
export async function stateOf(target: Target): Promise<string> {
  const releases = await target.list(taskOf().signal);
  return releases
    .sort((a, b) => b.revision - a.revision)
    .map(({ revision, state, health }) => `${revision} ${state} ${health}`)
    .join(', ');
}

/** Names of the containers and networks that a target has on the engine. */
export async function leftoversOf(target: string): Promise<string[]> {
  const filters = { label: [`${labels.target}=${target}`] };
  const containers = await docker.listContainers({ all: true, filters });
  const networks = await docker.listNetworks({ filters });
  return [...containers.flatMap(({ Names }) => Names), ...networks.map(({ Name }) => Name)];
}

/** Takes away whatever a test has left of a target, on the engine at hand or on another. */
export async function cleanUp(target: string, on = docker): Promise<void> {
  const filters = { label: [`${labels.target}=${target}`] };
  for (const { Id } of await on.listContainers({ all: true, filters })) {
    await on.getContainer(Id).remove({ force: true, v: true });
  }
  for (const { Id } of await on.listNetworks({ filters })) await on.getNetwork(Id).remove();
}

export interface Answer {
  status: number;
  revision: string;
  body: string;
}

/** One prediction with the iris model. */
export function predict(url: string, agent: Agent | false = false): Promise<Answer> {
  return new Promise((resolveAnswer, reject) => {
    const sent = request(`${url}/predict`, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json' },
    });
    sent.on('response', (response) => {
      let body = '';
      response.on('data', (piece: Buffer) => (body += piece.toString()));
      response.on('error', reject);
      response.on('end', () => {
        const revision = String(response.headers['slipway-revision']);
        resolveAnswer({ status: response.statusCode ?? 0, revision, body });
      });
    });
    sent.on('error', reject);
    sent.end('{"inputs":{"measurements":[[5.1,3.5,1.4,0.2]]}}');
  });
}

/** A client that predicts 200 times a second; its answers are counted by revision. */
export function sendTraffic(url: string): Traffic {
  return keepAsking(async (agent) => {
    const { status, revision, body } = await predict(url, agent);
    if (status === 200 && body.includes('"label"')) return revision;
    throw new Error(`${status} ${body}`);
  }, 10);
}
