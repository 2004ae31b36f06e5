import type Docker from 'dockerode';
import { setTimeout as sleep } from 'node:timers/promises';
import { engineWords, statusOf } from '../../docker/dockerErrors';
import { followProgress } from '../../docker/progress';
import type { TaskContext } from '../../task';
import { inTurn } from '../inTurn';
import { annotate, configOf, type Annotations } from './annotate';
import { digestOf, type Manifest, type Registry } from './registry';
import { nameOf, type Repository } from './repository';

/** Before a push is begun again where the connection broke, in milliseconds; the registry keeps the layers that were through. */
const PAUSES = [1_000, 3_000, 6_000];
const broken =
  /\bEOF\b|connection (reset|refused)|broken pipe|timeout|timed out|\b50[234]\b|(bad gateway|service unavailable)/i;

/** An image on an engine, and what it is called in its registry. */
export interface Pushed {
  id: string;
  /** Begins the name of the tag that says what is in it. */
  label: string;
  annotations: Annotations;
}

interface Name {
  /** `ghcr.io/ada/models/iris` */
  name: string;
  tag: string;
}

/**
 * Brings an image from an engine to a registry, by the engine's own push, and writes annotations beside it. What the registry has already
 * is not sent. Resolves to its place: `registry/name@sha256:…`.
 *
 * Two tags come of it: one for the image as the engine pushed it, and one for each set of annotations, so that no tag ever moves:
 * what a release names keeps its tag, and registries whose tags are immutable take it too.
 * @throws UserError `registry-refused` or `registry-unreachable`; no message holds credentials
 */
export function pushImage(
  docker: Docker,
  registry: Registry,
  repository: Repository,
  pushed: Pushed,
  task: TaskContext,
): Promise<string> {
  const name = nameOf(repository);
  const tag = pushed.id.replace(/^sha256:/, '').slice(0, 16);
  // One push must not take the name away that another one needs.
  return inTurn(`${name}:${tag}`, task.signal, () => push(docker, registry, { name, tag }, pushed, task));
}

async function push(
  docker: Docker,
  registry: Registry,
  { name, tag }: Name,
  { id, label, annotations }: Pushed,
  task: TaskContext,
): Promise<string> {
  const there = await registry.manifest(tag, task.signal);
  const manifest =
    there && isOf(there, id) ? there : await pushAndRead(docker, registry, { name, tag }, id, task);
  const { mediaType, bytes } = annotate(manifest.bytes, annotations);
  const digest = digestOf(bytes);
  if (!(await registry.manifest(digest, task.signal))) {
    task.report(`Describing the image at ${name}`);
    const unique = `${label}-${digest.slice('sha256:'.length).slice(0, 8)}`;
    await registry.putManifest(unique, mediaType, bytes, task.signal);
  }
  return `${name}@${digest}`;
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
  await docker.getImage(id).tag({ repo: name, tag });
  try {
    await pushTagged(docker, registry, { name, tag }, task);
  } finally {
    await untag(docker, `${name}:${tag}`);
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
async function untag(docker: Docker, name: string): Promise<void> {
  try {
    await docker.getImage(name).remove();
  } catch (error) {
    if (statusOf(error) !== 404 && statusOf(error) !== 409 && !engineIsAway(error)) throw error;
  }
}

/** Node's errors have codes, the engine's answers a status; what a registry said to the engine has neither. */
export function engineIsAway(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code !== undefined && statusOf(error) === undefined;
}
