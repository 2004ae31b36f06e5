import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../errors';
import type { TaskContext } from '../../task';
import { warningOf } from './podEvents';
import { lastWordsOf } from './podLogs';
import { isSilent, problemOf, runs, stageOf } from './podWords';
import { isReady, listRevisions, type RevisionRecord } from './revisions';
import { nameOf, type Site } from './site';

/** How long pods may take to run: a node may have to be started, and a large image be pulled. In milliseconds. */
const RUN_MS = 600_000;
/** How long pods are waited for that no node takes, or that can not be started, in milliseconds. */
const UNSCHEDULED_MS = 120_000;
const POLL_MS = 300;
/** How often it is asked what the cluster warns of, in milliseconds. */
const WARNINGS_MS = 2_000;

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
  let [looked, warning] = [start, undefined as string | undefined];
  for (;;) {
    const records = await listRevisions(site.api, { target: site.target, model: of.model }, task.signal);
    const record = records.find(({ revision }) => revision === of.revision);
    if (!record) {
      throw new UserError('release-missing', `${capital(name)} was removed from ${site.target} just now.`);
    }
    if (goal.reached(record)) return record;
    if (Date.now() - looked > WARNINGS_MS) {
      looked = Date.now();
      warning = await hinderedBy(site, record, task.signal);
    }
    await assertPossible(site, record, { passed: Date.now() - start, warning }, task.signal);
    if (Date.now() - start > RUN_MS) {
      throw notReady(
        `${capital(name)} was not there after ${String(RUN_MS / 60_000)} minutes.${warning ? ` ${warning}` : ''}`,
      );
    }
    const words = `Waiting until ${name} ${goal.words}: ${progressOf(record, warning)}`;
    if (words !== said) task.report((said = words));
    await sleep(POLL_MS, undefined, { signal: task.signal });
  }
}

async function assertPossible(
  site: Site,
  record: RevisionRecord,
  { passed, warning }: { passed: number; warning: string | undefined },
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
  const stuck = passed > UNSCHEDULED_MS ? warning : undefined;
  if (!hopeless && !stuck && !(quota && alive.length === 0)) return;
  const more = hopeless && !hopeless.crashed && (await warningOf(site.api, hopeless.pod, signal));
  const words = [...new Set([hopeless?.words ?? stuck ?? quota?.message ?? '', more])]
    .filter(Boolean)
    .join(' ');
  const last = hopeless?.crashed ? await lastWordsOf(site.api, hopeless.pod, signal) : [];
  const tail = last.length > 0 ? ['The last lines of its log:', ...last] : [];
  throw notReady(
    [`${capital(nameOf(record.revision, record.model.name))} does not start. ${words}`, ...tail].join('\n'),
  );
}

/** What the cluster warns of about a pod that has no container yet which could say it. */
async function hinderedBy(
  { api }: Site,
  { pods }: RevisionRecord,
  signal: AbortSignal,
): Promise<string | undefined> {
  const pod = pods.find(isSilent);
  return pod && warningOf(api, pod, signal);
}

function progressOf({ pods, wanted }: RevisionRecord, warning: string | undefined): string {
  const waiting = pods.find((pod) => pod.metadata.deletionTimestamp === undefined && !isReady(pod));
  const count = `${String(pods.filter(isReady).length)} of ${String(wanted)}`;
  return waiting ? `${count}, ${problemOf(waiting)?.words ?? warning ?? stageOf(waiting)}` : count;
}

function notReady(message: string): UserError {
  return new UserError('endpoint-not-ready', message, 'Look at its log for the reason.');
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
