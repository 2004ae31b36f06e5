import type Docker from 'dockerode';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { inTime } from '../docker/inTime';
import { labels } from '../docker/labels';
import { messageOf } from '../errors';
import type { Logger } from '../logger';
import { isAlive } from '../processes';
import type { TaskContext } from '../task';

/** How long an engine may take to remove what a build left, in milliseconds. */
const PRUNE_MS = 60_000;
/**
 * When to look after whoever builds is gone, in milliseconds: the engine has to notice, and comes to the end of a step before it gives up,
 * of which it leaves an image too.
 */
const LOOKS = [0, 2000, 20_000];
/** No build takes as long. In milliseconds. */
const FORGOTTEN_MS = 24 * 60 * 60 * 1000;

const noteKind = 'build';

/**
 * Notes a build on the engine itself, as an empty volume: who is killed in the middle of one can not tidy up. Resolves to its id, which is
 * to be a label of its images: by that, what it leaves is known from what others build at the same time.
 */
export async function noteBuild(docker: Docker, task: TaskContext): Promise<string> {
  const { signal } = task;
  const id = `slipway-build-${randomUUID()}`;
  const Labels = {
    [labels.kind]: noteKind,
    [labels.created]: new Date().toISOString(),
    [labels.host]: hostname(),
    [labels.pid]: String(process.pid),
  };
  try {
    await inTime(signal, (abortSignal) => docker.createVolume({ Name: id, Labels, abortSignal }));
  } catch (error) {
    signal.throwIfAborted();
    // Who may have no volumes can build all the same.
    task.report(`The build could not be noted: ${messageOf(error)}`);
  }
  return id;
}

/** Takes a note away. */
export async function forgetBuild(docker: Docker, id: string): Promise<void> {
  await inTime(new AbortController().signal, (abortSignal) =>
    docker.getVolume(id).remove({ force: true, abortSignal }),
  );
}

/** Each step leaves an image without a name until the last one gives it one: removes those of a build that has come to nothing. */
export async function pruneBuild(docker: Docker, id: string): Promise<void> {
  const filters = { dangling: ['true'], label: [`${labels.build}=${id}`] };
  // An engine that needs longer than anybody waits shall come to its end with it.
  await docker.pruneImages({ filters, abortSignal: AbortSignal.timeout(PRUNE_MS) });
}

/**
 * Removes what builds left on an engine whose process was killed, in the background: looks at once, and where there is something
 * again later. Never rejects.
 */
export async function removeAbandoned(docker: Docker, log: Logger, signal: AbortSignal): Promise<void> {
  try {
    const abandoned = await listAbandoned(docker, signal);
    if (abandoned.length === 0) return;
    for (const [turn, look] of LOOKS.entries()) {
      await sleep(look - (LOOKS[turn - 1] ?? 0), undefined, { signal, ref: false });
      for (const id of abandoned) await pruneBuild(docker, id);
    }
    for (const id of abandoned) await forgetBuild(docker, id);
  } catch (error) {
    if (!signal.aborted) log.debug(`What killed builds left was not removed: ${messageOf(error)}`);
  }
}

async function listAbandoned(docker: Docker, signal: AbortSignal): Promise<string[]> {
  const filters = { label: [`${labels.kind}=${noteKind}`] };
  const { Volumes } = await inTime(signal, (abortSignal) => docker.listVolumes({ filters, abortSignal }));
  return Volumes.filter(({ Labels }) => isAbandoned(Labels)).map(({ Name }) => Name);
}

/** Of another machine's processes nothing is known but how old their notes are. */
function isAbandoned(note: Record<string, string | undefined>): boolean {
  const age = Date.now() - Date.parse(note[labels.created] ?? '');
  if (age > FORGOTTEN_MS) return true;
  return note[labels.host] === hostname() && !isAlive(Number(note[labels.pid]));
}
