import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../errors';
import type { TaskContext } from '../../task';
import type { Subject } from '../kubernetes/addressManifests';
import type { Pod } from '../kubernetes/objects';
import { lastWordsOf } from '../kubernetes/podLogs';
import { problemOf, stageOf } from '../kubernetes/podWords';
import { isReady } from '../kubernetes/revisions';
import { nameOf } from '../kubernetes/site';
import type { ServiceState } from './serviceState';
import { listFound, readAddressService, type FoundRevision } from './services';
import type { KServeSite } from './site';

/** How long servers may take to run, in milliseconds. */
const RUN_MS = 600_000;
/** How long pods that no node takes are waited for, in milliseconds. */
const UNSCHEDULED_MS = 120_000;
const POLL_MS = 300;

/** Resolves when a revision has come to where `reached` holds, which `words` say. */
export async function untilFound(
  site: KServeSite,
  of: Subject,
  revision: number,
  reached: (found: FoundRevision) => boolean,
  words: string,
  task: TaskContext,
): Promise<void> {
  const name = nameOf(revision, of.model);
  const start = Date.now();
  let said = '';
  for (;;) {
    const found = await findPossible(site, of, revision, Date.now() - start, task.signal);
    if (reached(found)) return;
    if (Date.now() - start > RUN_MS) {
      throw notReady(`${name} was not there after ${String(RUN_MS / 60_000)} minutes.`);
    }
    const waiting = found.pods.find((pod) => isAlive(pod) && !isReady(pod));
    const progress = `Waiting until ${name} ${words}${waiting ? `: ${problemOf(waiting)?.words ?? stageOf(waiting)}` : ''}`;
    if (progress !== said) task.report((said = progress));
    await sleep(POLL_MS, undefined, { signal: task.signal });
  }
}

/** Resolves when `reached` holds of the InferenceService of the model's name, while servers of the revision are possible. */
export async function untilAddress(
  site: KServeSite,
  of: Subject,
  revision: number,
  reached: (state: ServiceState) => boolean,
  task: TaskContext,
): Promise<void> {
  const start = Date.now();
  for (;;) {
    const state = await readAddressService(site.api, of, task.signal);
    if (!state) throw removed(`The InferenceService of ${of.model}`, site.target);
    if (reached(state)) return;
    await findPossible(site, of, revision, Date.now() - start, task.signal);
    if (Date.now() - start > RUN_MS) throw notReady(`KServe did not make ${of.model} ready in time.`);
    await sleep(POLL_MS, undefined, { signal: task.signal });
  }
}

/** Throws when a pod of the revision will not run. `passed` is for how long that was waited for, in milliseconds. */
async function findPossible(
  site: KServeSite,
  of: Subject,
  revision: number,
  passed: number,
  signal: AbortSignal,
): Promise<FoundRevision> {
  const found = (await listFound(site.api, of, signal)).find(({ kept }) => kept.revision === revision);
  if (!found) throw removed(nameOf(revision, of.model), site.target);
  for (const pod of found.pods.filter(isAlive)) {
    const problem = problemOf(pod);
    if (!problem || !(problem.ended || passed > UNSCHEDULED_MS)) continue;
    const last = problem.crashed ? await lastWordsOf(site.api, pod, signal) : [];
    const tail = last.length > 0 ? ['The last lines of its log:', ...last] : [];
    throw notReady(
      [`Revision ${String(revision)} of ${of.model} does not start. ${problem.words}`, ...tail].join('\n'),
    );
  }
  return found;
}

function isAlive({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp === undefined;
}

function removed(what: string, target: string): UserError {
  return new UserError(
    'release-missing',
    `${what} was removed from ${target} just now.`,
    'Ask who else works there, or deploy the model again.',
  );
}

function notReady(message: string): UserError {
  return new UserError('endpoint-not-ready', message, 'Look at its log for the reason.');
}
