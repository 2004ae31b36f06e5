import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../../../src/core/logger';
import { hashModel } from '../../../../src/core/model/hashModel';
import { inspectModel } from '../../../../src/core/model/inspectModel';
import type { Signature } from '../../../../src/core/model/signature';
import type { DeployTask } from '../../../../src/core/release/deploy';
import type { Sample } from '../../../../src/core/sample/sample';
import { parseSamples } from '../../../../src/core/sample/samplesFile';
import { KubernetesTarget } from '../../../../src/core/target/kubernetes/kubernetesTarget';
import type { KubernetesConfig } from '../../../../src/core/target/kubernetes/options';
import type { Built } from '../../../../src/core/image/buildImages';
import type { Release, ReleaseRequest, Target } from '../../../../src/core/target/target';
import type { TaskContext } from '../../../../src/core/task';
import type { KubernetesApi } from '../../../host/kubernetesApi';
import { sendTraffic as keepAsking, type Traffic } from '../../../targets/traffic';
import { workspaceModel } from '../../fixtures';

export const REGISTRY = 'registry.test/models';

/** Lines that were logged as warnings. */
export const warnings: string[] = [];
export const logger: Logger = {
  trace() {},
  debug() {},
  info() {},
  warn: (line) => void warnings.push(line),
  error() {},
};

export const extensionOptions = {
  host: '',
  nodeBase: '',
  pythonBase: '',
  dist: resolve('dist'),
  version: '0.0.0',
  trusted: () => true,
};

/** Where the image of a model would be, had an engine built and pushed it. */
export function imageOf({ name, hash }: ReleaseRequest['model']): string {
  return `${REGISTRY}/${name}@sha256:${hash}`;
}

/** A target whose images come into the cluster's registry without a Docker engine. */
class WithoutEngine extends KubernetesTarget {
  images: Map<string, string> | undefined;

  override build({ model }: ReleaseRequest): Promise<Built> {
    const image = imageOf(model);
    this.images?.set(image, model.path);
    return Promise.resolve([image]);
  }
}

export function targetOf(
  api: KubernetesApi,
  config: Partial<KubernetesConfig> = {},
  name = 'staging',
  drainSeconds?: number,
): Target {
  return targetAt(api.kubeconfig, api.images, config, name, drainSeconds);
}

/** The same, for who has not the cluster at hand. */
export function targetAt(
  kubeconfig: string,
  images: Map<string, string>,
  config: Partial<KubernetesConfig> = {},
  name = 'staging',
  drainSeconds = 0.7,
): Target {
  const target = new WithoutEngine(
    name,
    {
      ...extensionOptions,
      checkPush: () => Promise.resolve(),
      push: (_request, [image]) => Promise.resolve(image),
      drainSeconds,
      config: { registry: REGISTRY, kubeconfig, replicas: 1, ...config },
    },
    logger,
  );
  target.images = images;
  return target;
}

/** A kubeconfig beside the cluster's own, with another token or another way to it. Resolves to its path. */
export async function kubeconfigWith(
  api: KubernetesApi,
  { token = 'test-token', server = api.url }: { token?: string; server?: string },
): Promise<string> {
  const path = `${api.kubeconfig}-${token}-${new URL(server).port}`;
  const text = JSON.stringify(api.kubeconfigFor(token)).replaceAll(api.url, server);
  await writeFile(path, text);
  return path;
}

/** All that a deploy of the model `iris` needs. */
export function deploymentOfIris(): Promise<Subject> {
  return subjectOf('iris');
}

export interface Subject {
  model: { name: string; path: string; hash: string };
  signature: Signature;
  samples: Sample[];
  note: string;
  /** A new revision also of what serves already. */
  anyway: boolean;
}

/** A model of the sample workspace with all that a deploy of it needs. */
export async function subjectOf(name: string): Promise<Subject> {
  const path = workspaceModel(name);
  const { signature } = await inspectModel(path);
  const { samples } = parseSamples(await readFile(path.replace('.onnx', '.samples.json'), 'utf8'));
  return {
    model: { name, path, hash: await hashModel(path) },
    signature,
    samples,
    note: 'first',
    anyway: true,
  };
}

/** The same model with a sample that it does not fulfil. */
export function broken(subject: Subject): Subject {
  const [sample] = subject.samples;
  assert.ok(sample);
  const impossible = { ...sample, name: 'impossible', expected: { label: [2] } };
  return { ...subject, samples: [...subject.samples, impossible] };
}

export function taskOf(signal = new AbortController().signal): TaskContext {
  return { signal, report: () => undefined };
}

export function deployTask(signal?: AbortSignal): DeployTask {
  return { ...taskOf(signal), onStep: () => undefined };
}

/** Starts a revision without proving it. */
export async function startCandidate(target: Target, subject: Subject, task = taskOf()): Promise<Release> {
  return target.apply(subject, (await target.build(subject, task))[0], task);
}

/** Starts a revision and gives it the traffic, without proving it. */
export async function serve(target: Target, subject: Subject): Promise<Release> {
  return target.promote(await startCandidate(target, subject), taskOf());
}

/** `2 serving ready, 1 retired stopped`: newest first. */
export async function stateOf(target: Target): Promise<string> {
  const releases = await target.list(taskOf().signal);
  return releases
    .sort((a, b) => b.revision - a.revision)
    .map(({ revision, state, health }) => `${revision} ${state} ${health}`)
    .join(', ');
}

/** Somebody removes an object that a finalizer keeps for a while. */
export function beginRemoval(api: KubernetesApi, kind: string, name: string): void {
  const deletionTimestamp = new Date().toISOString();
  api.store.update(
    api.kind(kind),
    'models',
    name,
    ({ metadata, ...rest }) => ({ ...rest, metadata: { ...metadata, deletionTimestamp } }),
    { manager: 'kubectl' },
  );
}

/** Resolves when `probe` answers something. */
export async function eventually<T>(probe: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(50)) {
    const found = await probe();
    if (found) return found;
  }
  throw new Error('It did not come to that within 20 s.');
}

/** One prediction with the iris model. Resolves to the revision that answered. */
export function predict(url: string, agent: Agent | false = false): Promise<string> {
  return new Promise((done, reject) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request(`${url}/v2/models/iris/infer`, { method: 'POST', agent, headers });
    sent.on('response', (response) => {
      let body = '';
      response.on('data', (piece: Buffer) => (body += piece.toString()));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode !== 200) reject(new Error(`${String(response.statusCode)} ${body}`));
        else done(`r${(JSON.parse(body) as { model_version: string }).model_version}`);
      });
    });
    sent.on('error', reject);
    const data = [5.1, 3.5, 1.4, 0.2];
    sent.end(JSON.stringify({ inputs: [{ name: 'measurements', shape: [1, 4], datatype: 'FP32', data }] }));
  });
}

/** A client that predicts 50 times a second; its answers are counted by revision. */
export function sendTraffic(url: string): Traffic {
  return keepAsking((agent) => predict(url, agent), 40);
}
