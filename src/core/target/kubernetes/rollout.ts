import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../errors';
import type { TaskContext } from '../../task';
import { lastWordsOf } from './podLogs';
import { problemOf, runs, stageOf } from './podWords';
import { isReady, listRevisions, type RevisionRecord } from './revisions';
import { nameOf, type Site } from './site';

/** How long pods may take to run: a node may have to be started, and a large image be pulled. In milliseconds. */
const RUN_MS = 600_000;
/** How long pods that no node takes are waited for, in milliseconds. */
const UNSCHEDULED_MS = 120_000;
const POLL_MS = 300;

/** What has to be true of a revision. */
export interface Goal {
  /** For people: `is ready`. */
  words: string;
  reached(record: RevisionRecord): boolean;
}

/** A server of it runs, whether it is ready or not. */
export const running: Goal = { words: 'runs', reached: ({ pods }) => pods.some(runs) };

/** As many pods are ready as it shall have; with a pool, those that carry its label. */
export function ready(pool?: { label: string; value: string }): Goal {
  return {
    words: 'is ready',
    reached: ({ pods, wanted }) => {
      const fit = pods.filter(
        (pod) => isReady(pod) && (!pool || pod.metadata.labels?.[pool.label] === pool.value),
      );
      return wanted > 0 && fit.length >= wanted;
    },
  };
}

/**
 * Resolves when a revision has come to where it shall be.
 * @throws UserError `endpoint-not-ready` with the reason when it will not, or takes too long; `release-missing` when it is gone.
 */
export async function until(
  goal: Goal,
  site: Site,
  of: { model: string; revision: number },
  task: TaskContext,
): Promise<RevisionRecord> {
  const name = nameOf(of.revision, of.model);
  const start = Date.now();
  let said = '';
  for (;;) {
    const records = await listRevisions(site.api, { target: site.target, model: of.model }, task.signal);
    const record = records.find(({ revision }) => revision === of.revision);
    if (!record) {
      throw new UserError('release-missing', `${capital(name)} was removed from ${site.target} just now.`);
    }
    if (goal.reached(record)) return record;
    await assertPossible(site, record, Date.now() - start, task.signal);
    if (Date.now() - start > RUN_MS) {
      throw notReady(`${capital(name)} was not there after ${String(RUN_MS / 60_000)} minutes.`);
    }
    const words = `Waiting until ${name} ${goal.words}: ${progressOf(record)}`;
    if (words !== said) task.report((said = words));
    await sleep(POLL_MS, undefined, { signal: task.signal });
  }
}

async function assertPossible(
  site: Site,
  record: RevisionRecord,
  passed: number,
  signal: AbortSignal,
): Promise<void> {
  const alive = record.pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const problems = alive.flatMap((pod) => {
    const found = problemOf(pod);
    return found ? [{ pod, ...found }] : [];
  });
  const hopeless = problems.find(({ ended }) => ended) ?? (passed > UNSCHEDULED_MS ? problems[0] : undefined);
  const quota = record.deployment.status?.conditions?.find(
    ({ type, status }) => type === 'ReplicaFailure' && status === 'True',
  );
  if (!hopeless && !(quota && alive.length === 0)) return;
  const words = hopeless?.words ?? quota?.message ?? '';
  const last = hopeless?.crashed ? await lastWordsOf(site.api, hopeless.pod, signal) : [];
  const tail = last.length > 0 ? ['The last lines of its log:', ...last] : [];
  throw notReady(
    [`${capital(nameOf(record.revision, record.model.name))} does not start. ${words}`, ...tail].join('\n'),
  );
}

function progressOf({ pods, wanted }: RevisionRecord): string {
  const waiting = pods.find((pod) => pod.metadata.deletionTimestamp === undefined && !isReady(pod));
  const count = `${String(pods.filter(isReady).length)} of ${String(wanted)}`;
  return waiting ? `${count}, ${problemOf(waiting)?.words ?? stageOf(waiting)}` : count;
}

function notReady(message: string): UserError {
  return new UserError('endpoint-not-ready', message, 'Look at its log for the reason.');
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
