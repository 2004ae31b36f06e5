import type Docker from 'dockerode';
import { setTimeout as sleep } from 'node:timers/promises';
import { engineWords, statusOf } from '../../docker/dockerErrors';
import { inTime } from '../../docker/inTime';
import { followProgress } from '../../docker/progress';
import { takeBack } from '../../docker/takeBack';
import type { TaskContext } from '../../task';
import { inTurn } from '../inTurn';
import { configOf } from './annotate';
import type { Manifest, Registry } from './registry';
import { nameOf, type Repository } from './repository';

/** Before a push is begun again where the connection broke, in milliseconds; the registry keeps the layers that were through. */
const PAUSES = [1_000, 3_000, 6_000];
const broken =
  /\bEOF\b|connection (reset|refused)|broken pipe|timeout|timed out|\b50[234]\b|(bad gateway|service unavailable)/i;

interface Name {
  /** `ghcr.io/ada/models/iris` */
  name: string;
  tag: string;
}

/**
 * Brings an image from an engine to a registry, by the engine's own push, under a tag for the image as the engine has it. What the registry
 * has already is not sent. Resolves to its manifest there.
 * @throws UserError `registry-refused` or `registry-unreachable`; no message holds credentials
 */
export function pushImage(
  docker: Docker,
  registry: Registry,
  repository: Repository,
  id: string,
  task: TaskContext,
): Promise<Manifest> {
  const name = nameOf(repository);
  const tag = id.replace(/^sha256:/, '').slice(0, 16);
  // One push must not take the name away that another one needs.
  return inTurn(`${name}:${tag}`, task.signal, () => push(docker, registry, { name, tag }, id, task));
}

async function push(
  docker: Docker,
  registry: Registry,
  { name, tag }: Name,
  id: string,
  task: TaskContext,
): Promise<Manifest> {
  const there = await registry.manifest(tag, task.signal);
  return there && isOf(there, id) ? there : pushAndRead(docker, registry, { name, tag }, id, task);
}

/** Engines name an image by its configuration, or by its manifest. */
function isOf({ bytes, digest }: Manifest, id: string): boolean {
  return digest === id || configOf(bytes) === id;
}

async function pushAndRead(
  docker: Docker,
  registry: Registry,
  { name, tag }: Name,
  id: string,
  task: TaskContext,
): Promise<Manifest> {
  task.report(`Pushing to ${name}`);
  try {
    await inTime(task.signal, (abortSignal) => docker.getImage(id).tag({ repo: name, tag, abortSignal }));
    await pushTagged(docker, registry, { name, tag }, task);
  } finally {
    const full = `${name}:${tag}`;
    await takeBack(`The name ${full}`, (signal) => untag(docker, full, signal), task);
  }
  const pushed = await registry.manifest(tag, task.signal);
  if (!pushed) throw registry.refused('push to', 'it does not have what was pushed');
  return pushed;
}

async function pushTagged(
  docker: Docker,
  registry: Registry,
  { name, tag }: Name,
  task: TaskContext,
): Promise<void> {
  const report = (words: string) => task.report(`Pushing to ${name} (${words})`);
  for (const pause of [...PAUSES, undefined]) {
    try {
      const stream = await docker.getImage(`${name}:${tag}`).push({
        tag,
        authconfig: (registry.engineAuth ?? {}) as Docker.AuthConfig,
        abortSignal: task.signal,
      });
      await followProgress(stream, { signal: task.signal, report });
      return;
    } catch (error) {
      task.signal.throwIfAborted();
      if (engineIsAway(error)) throw error;
      const words = engineWords(error);
      if (!broken.test(words) || pause === undefined) throw registry.refused('push to', words, error);
      task.report(`Pushing to ${name} again soon: ${words}`);
      await sleep(pause, undefined, { signal: task.signal });
    }
  }
}

/** Only the name goes: what the engine built keeps its own. It is gone already where somebody else pushes the same. */
async function untag(docker: Docker, name: string, abortSignal: AbortSignal): Promise<void> {
  try {
    await docker.getImage(name).remove({ abortSignal });
  } catch (error) {
    if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
  }
}

/** Node's errors have codes, the engine's answers a status; what a registry said to the engine has neither. */
export function engineIsAway(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code !== undefined && statusOf(error) === undefined;
}
