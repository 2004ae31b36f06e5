import type Docker from 'dockerode';
import { setTimeout as sleep } from 'node:timers/promises';
import { findContainer, removeContainer, whenMade } from '../../docker/containers';
import { statusOf } from '../../docker/dockerErrors';
import { engineInfo } from '../../docker/engineFacts';
import { ensureImage } from '../../docker/images';
import { inTime } from '../../docker/inTime';
import { labels } from '../../docker/labels';
import { UserError } from '../../errors';
import type { TaskContext } from '../../task';
import { lockName, networkName, proxyName } from './names';
import type { ReleaseContainer } from './releaseContainers';
import type { Site } from './site';

/** A lock older than this was left behind by a window that was killed; what it guards takes less. In milliseconds. */
const STALE_MS = 60_000;
const WAIT_MS = 150_000;
const POLL_MS = 300;
/** How long an engine may take to make a lock, in milliseconds. */
const CREATE_MS = 30_000;
/** How long an engine may take to remove a lock, in milliseconds. */
const RELEASE_MS = 2_000;

/** A container that stands for a lock and is never started: an engine gives a name to one container only. */
interface Lock {
  name: string;
  /** Id of any image that the engine has: a name of it may be gone. */
  Image: string;
  Labels: Record<string, string>;
  /** Finds another image, where somebody has removed that one by force. */
  otherImage?: (task: TaskContext) => Promise<string>;
}

/** What guards the traffic of a model on a target, made from the image of one of its releases. */
export function modelLock(site: Site, { model, image }: ReleaseContainer): Lock {
  const { target } = site;
  const Labels = { [labels.kind]: 'lock', [labels.target]: target, [labels.model]: model.name };
  const otherImage = (task: TaskContext) => imageOfProxy(site, model.name, task);
  return { name: lockName(target, model.name), Image: image, Labels, otherImage };
}

/** The image that the proxy of a model is made from, or would be. */
async function imageOfProxy(
  { docker, target, proxyImage }: Site,
  model: string,
  task: TaskContext,
): Promise<string> {
  const name = proxyName(target, model);
  const proxy = await inTime(task.signal, (limit) => findContainer(docker, name, limit));
  return proxy?.Image ?? (await ensureImage(docker, proxyImage, 'slipway.image.proxy', task)).Id;
}

/** What guards a target's network, made from any image. */
export function networkLock({ target }: Site, image: string): Lock {
  const Labels = { [labels.kind]: 'lock', [labels.target]: target };
  return { name: `${networkName(target)}-lock`, Image: image, Labels };
}

/** Throws where the lock was lost, so that what it guards is somebody else's by now. */
export type StillHeld = () => Promise<void>;

/** Runs `work` while nobody else, in this window or on another machine, holds the same lock. */
export async function withLock<T>(
  docker: Docker,
  lock: Lock,
  task: TaskContext,
  work: (stillHeld: StillHeld) => Promise<T>,
): Promise<T> {
  const held = await acquire(docker, lock, task);
  try {
    return await work(() => assertHeld(docker, lock, held.id));
  } finally {
    // Already gone when somebody took it for stale.
    const { signal } = new AbortController();
    await inTime(signal, () => removeContainer(docker, held.id), RELEASE_MS).catch(() =>
      leftBehind.add(held.id),
    );
  }
}

async function assertHeld(docker: Docker, { name }: Lock, id: string): Promise<void> {
  const found = await inTime(new AbortController().signal, (limit) => findContainer(docker, id, limit));
  if (found) return;
  throw new UserError(
    'engine-refused',
    `This took so long, perhaps as the machine slept, that another deploy began meanwhile: the container ${name} was taken away.`,
    'Look at what serves now, then try again.',
  );
}

/** Locks of this process that it could not take away, as when the engine was out of reach. They guard nothing any more. */
const leftBehind = new Set<string>();

async function acquire(docker: Docker, lock: Lock, task: TaskContext): Promise<Docker.Container> {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    task.signal.throwIfAborted();
    try {
      return await make(docker, lock, task);
    } catch (error) {
      if (statusOf(error) !== 409) throw error;
    }
    if (Date.now() > deadline) {
      throw new UserError(
        'engine-refused',
        `Another deploy has been at work on the same release for too long: the container ${lock.name} says so.`,
        'Wait until it ends, then try again.',
      );
    }
    task.report('Waiting until another deploy is done');
    await removeStale(docker, lock.name, task.signal);
    await sleep(POLL_MS, undefined, { signal: task.signal });
  }
}

async function make(docker: Docker, lock: Lock, task: TaskContext): Promise<Docker.Container> {
  try {
    return await makeFrom(docker, lock, lock.Image, task);
  } catch (error) {
    if (statusOf(error) !== 404 || !lock.otherImage) throw error;
    return makeFrom(docker, lock, await lock.otherImage(task), task);
  }
}

function makeFrom(
  docker: Docker,
  { name, Labels }: Lock,
  Image: string,
  task: TaskContext,
): Promise<Docker.Container> {
  return inTime(
    task.signal,
    (signal) => whenMade(docker, docker.createContainer({ name, Image, Labels }), { ...task, signal }),
    CREATE_MS,
  );
}

/** Ages are measured by the engine's clock, which may not be ours. */
async function removeStale(docker: Docker, name: string, signal: AbortSignal): Promise<void> {
  const found = await inTime(signal, (limit) => findContainer(docker, name, limit));
  if (!found) return;
  const remove = () => inTime(signal, () => removeContainer(docker, found.Id));
  if (leftBehind.has(found.Id)) return remove();
  const { SystemTime = '' } = await engineInfo<{ SystemTime: string }>(docker, signal);
  const age = Date.parse(SystemTime) - Date.parse(found.Created);
  // Where the engine does not say what time it is, nobody knows.
  if (Number.isNaN(age) || age < STALE_MS) return;
  // By id: the name may be another's by now.
  await remove();
}
