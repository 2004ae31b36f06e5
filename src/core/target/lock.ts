import type Docker from 'dockerode';
import { setTimeout as sleep } from 'node:timers/promises';
import { findContainer, removeContainer } from '../docker/containers';
import { statusOf } from '../docker/dockerErrors';
import { labels } from '../docker/labels';
import { UserError } from '../errors';
import type { TaskContext } from '../task';
import { lockName } from './names';
import type { ReleaseContainer } from './releaseContainers';
import type { Site } from './site';

/** A lock older than this was left behind by a window that was killed; what it guards takes less. In milliseconds. */
const STALE_MS = 60_000;
const WAIT_MS = 150_000;
const POLL_MS = 300;

/**
 * Runs `work` while nobody else, in this window or on another machine, runs work on the same model of the same target. The lock is a container
 * that is never started, made from the release's own image: an engine gives a name to one container only.
 */
export async function withLock<T>(
  { docker, target }: Site,
  { model, digest }: ReleaseContainer,
  task: TaskContext,
  work: () => Promise<T>,
): Promise<T> {
  const options = {
    name: lockName(target, model.name),
    Image: digest,
    Labels: { [labels.kind]: 'lock', [labels.target]: target, [labels.model]: model.name },
  };
  const lock = await acquire(docker, options, task);
  try {
    return await work();
  } finally {
    // Already gone when somebody took it for stale.
    await removeContainer(docker, lock.id).catch(() => undefined);
  }
}

async function acquire(
  docker: Docker,
  options: { name: string; Image: string; Labels: Record<string, string> },
  task: TaskContext,
): Promise<Docker.Container> {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    task.signal.throwIfAborted();
    try {
      return await docker.createContainer(options);
    } catch (error) {
      if (statusOf(error) !== 409) throw error;
    }
    if (Date.now() > deadline) {
      throw new UserError(
        'engine-refused',
        `Another deploy has been at work on the same release for too long: the container ${options.name} says so.`,
        'Wait until it ends, then try again.',
      );
    }
    task.report('Waiting until another deploy is done');
    await removeStale(docker, options.name);
    await sleep(POLL_MS, undefined, { signal: task.signal });
  }
}

/** Ages are measured by the engine's clock, which may not be ours. */
async function removeStale(docker: Docker, name: string): Promise<void> {
  const found = await findContainer(docker, name);
  if (!found) return;
  const info = (await docker.info()) as { SystemTime: string };
  if (Date.parse(info.SystemTime) - Date.parse(found.Created) < STALE_MS) return;
  // By id: the name may be another's by now.
  await removeContainer(docker, found.Id);
}
