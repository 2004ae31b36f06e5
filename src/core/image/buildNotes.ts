import type Docker from 'dockerode';
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { statusOf } from '../docker/dockerErrors';
import { inTime } from '../docker/inTime';
import { labels } from '../docker/labels';
import { takeBack } from '../docker/takeBack';
import { messageOf } from '../errors';
import { isAlive } from '../processes';
import type { TaskContext } from '../task';

/** How long an engine may take to remove what a build left, in milliseconds. */
const PRUNE_MS = 60_000;
/** When to ask again while the engine does that for somebody else: it does it once at a time. In milliseconds. */
const PRUNE_AGAIN_MS = 500;
/**
 * When to look after whoever builds is gone, in milliseconds: the engine has to notice, and comes to the end of a step before it gives up,
 * of which it leaves an image too.
 */
const LOOKS = [0, 2000, 20_000];
/** No build takes as long. In milliseconds. */
const FORGOTTEN_MS = 24 * 60 * 60 * 1000;

const noteKind = 'build';

/** Ids of what this process builds, and of what it removes. */
const building = new Set<string>();
const removing = new Set<string>();

/**
 * Builds, which is noted on the engine meanwhile, as an empty volume: who is killed in the middle of a build can not tidy up. Cancelled or
 * failed, it leaves nothing; what can not be removed stays noted.
 * @param what is built, for people: `the image of iris`
 * @param build is given an id that is to be a label of its images: by that, what it leaves is known from what others build at the same time
 */
export async function noted<T>(
  docker: Docker,
  what: string,
  task: TaskContext,
  build: (id: string) => Promise<T>,
): Promise<T> {
  const id = `slipway-build-${randomUUID()}`;
  building.add(id);
  try {
    await note(docker, id, task);
    const image = await build(id);
    await takeBack('The note of the build', () => forget(docker, id), task);
    return image;
  } catch (error) {
    const remove = async () => {
      await prune(docker, id);
      // After a cancel the engine may be in the middle of a step.
      if (!task.signal.aborted) await forget(docker, id);
    };
    await takeBack(`What was built of ${what}`, remove, task);
    throw error;
  } finally {
    building.delete(id);
    void removeAbandoned(docker);
  }
}

/**
 * Removes what builds left on an engine that came to nothing, as their process was killed or the engine was away: looks at once, and where
 * there is something again later. Never rejects; what it can not remove stays noted.
 */
export async function removeAbandoned(
  docker: Docker,
  signal: AbortSignal = new AbortController().signal,
  log: (words: string) => void = () => undefined,
): Promise<void> {
  let left: string[] = [];
  try {
    left = (await listAbandoned(docker, signal)).filter((id) => !removing.has(id));
    if (left.length === 0) return;
    for (const id of left) removing.add(id);
    for (const [turn, look] of LOOKS.entries()) {
      await sleep(look - (LOOKS[turn - 1] ?? 0), undefined, { signal, ref: false });
      for (const id of left) await prune(docker, id);
    }
    for (const id of left) await forget(docker, id);
  } catch (error) {
    if (!signal.aborted) log(`What builds left was not removed: ${messageOf(error)}`);
  } finally {
    for (const id of left) removing.delete(id);
  }
}

async function note(docker: Docker, id: string, task: TaskContext): Promise<void> {
  const { signal } = task;
  const Labels = {
    [labels.kind]: noteKind,
    [labels.created]: new Date().toISOString(),
    [labels.host]: here(),
    [labels.pid]: String(process.pid),
  };
  try {
    await inTime(signal, (abortSignal) => docker.createVolume({ Name: id, Labels, abortSignal }));
  } catch (error) {
    signal.throwIfAborted();
    // Who may have no volumes can build all the same.
    task.report(`The build could not be noted: ${messageOf(error)}`);
  }
}

async function forget(docker: Docker, id: string): Promise<void> {
  try {
    const { signal } = new AbortController();
    await inTime(signal, (abortSignal) => docker.getVolume(id).remove({ abortSignal }));
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
}

/** Each step leaves an image without a name until the last one gives it one. */
async function prune(docker: Docker, id: string): Promise<void> {
  const filters = { dangling: ['true'], label: [`${labels.build}=${id}`] };
  // An engine that needs longer than anybody waits shall come to its end with it.
  const abortSignal = AbortSignal.timeout(PRUNE_MS);
  for (;;) {
    try {
      return void (await docker.pruneImages({ filters, abortSignal }));
    } catch (error) {
      if (statusOf(error) !== 409) throw error;
      await sleep(PRUNE_AGAIN_MS, undefined, { signal: abortSignal, ref: false });
    }
  }
}

async function listAbandoned(docker: Docker, signal: AbortSignal): Promise<string[]> {
  const filters = { label: [`${labels.kind}=${noteKind}`] };
  const { Volumes } = await inTime(signal, (abortSignal) => docker.listVolumes({ filters, abortSignal }));
  const place = here();
  return Volumes.filter((volume) => isAbandoned(volume, place)).map(({ Name }) => Name);
}

/** Of processes elsewhere nothing is known but how old their notes are. */
function isAbandoned({ Name, Labels }: Docker.VolumeInspectInfo, place: string): boolean {
  const age = Date.now() - Date.parse(Labels[labels.created] ?? '');
  if (age > FORGOTTEN_MS) return true;
  if (Labels[labels.host] !== place) return false;
  const pid = Number(Labels[labels.pid]);
  return pid === process.pid ? !building.has(Name) : !isAlive(pid);
}

/** Where the id of a process means one and the same process: machines share names, and containers and WSL the name of the machine they are on. */
function here(): string {
  const told = (read: () => string) => {
    try {
      return read().trim();
    } catch {
      return '-';
    }
  };
  const boot = told(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  const processes = told(() => readlinkSync('/proc/self/ns/pid'));
  return [hostname(), process.platform, boot, processes].join(' ');
}
