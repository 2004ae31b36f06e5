import { readProof } from '../proof';
import type { Release, ReleaseHealth, ReleaseState, ReplicaRange } from '../target';
import { START_MS, isHindered, isSilent, problemOf, type PodProblem } from './podWords';
import { isReady, type RevisionRecord } from './revisions';
import { isRouted, percentOf, type Address } from './traffic';
import type { Pod } from './objects';

export interface Links {
  url?: string;
  stableUrl?: string;
}

/** Reads the last lines that the server of a pod wrote before it ended. */
export type LastWords = (pod: Pod) => Promise<string[]>;

/** Reads what the cluster warns of about a pod; undefined where it does not. */
export type Warned = (pod: Pod) => Promise<string | undefined>;

/** What the cluster says about a revision, put together. `all` are the revisions of its model, `range` is what its autoscaler may decide on. */
export async function toRelease(
  target: string,
  record: RevisionRecord,
  address: Address | undefined,
  all: RevisionRecord[],
  range: ReplicaRange | undefined,
  links: (running: boolean) => Promise<Links>,
  lastWords: LastWords,
  warned: Warned,
): Promise<Release> {
  const { model, revision, notes, author, created, image, proof, settings } = record;
  const { health, problem } = healthOf(record);
  const state = stateOf(record, address, health);
  const kept = { ...(proof !== undefined && readProof(proof)), ...(settings !== undefined && { settings }) };
  return {
    id: `${target}/${model.name}/${String(revision)}`,
    ...{ target, model, revision, author, created, state, health },
    ...notes,
    ...kept,
    digest: image,
    traffic: percentOf(address, revision, all),
    replicas: {
      ready: record.pods.filter(isReady).length,
      wanted: record.wanted,
      ...(range && { range }),
    },
    detail: await detailOf(record, health, problem, lastWords, warned),
    ...(await links(mayAnswer(health))),
  };
}

/** Whether there is a server that may be asked something. */
export function mayAnswer(health: ReleaseHealth): boolean {
  return health !== 'stopped' && health !== 'deleting';
}

function stateOf(
  { revision, promoted, wanted }: RevisionRecord,
  address: Address | undefined,
  health: ReleaseHealth,
): ReleaseState {
  if (isRouted(address, revision)) {
    return address?.traffic.canary?.revision === revision ? 'canary' : 'serving';
  }
  if (promoted) return 'retired';
  // It shall run, and will not: whoever deployed it is not there any more to remove it.
  return wanted > 0 && health === 'stopped' ? 'failed' : 'candidate';
}

interface Found {
  health: ReleaseHealth;
  problem?: { pod: Pod; found: PodProblem };
}

/** How a revision is, and which pod tells most about why. */
export function healthOf(record: RevisionRecord): Found {
  const { wanted, pods, created, leaving } = record;
  if (leaving) return { health: 'deleting' };
  const alive = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (wanted === 0) return { health: 'stopped' };
  const problems = alive.flatMap((pod) => {
    const found = isReady(pod) ? undefined : problemOf(pod);
    return found ? [{ pod, found }] : [];
  });
  const problem = problems.find(({ found }) => found.ended) ?? problems[0];
  if (alive.some(isReady)) return { health: isDegraded(record, alive) ? 'degraded' : 'ready', problem };
  if (alive.length > 0 && problems.length === alive.length && problems.every(({ found }) => found.ended)) {
    return { health: 'stopped', problem };
  }
  const began = Math.max(
    created.getTime(),
    ...alive.map(({ metadata }) => Date.parse(metadata.creationTimestamp ?? '')),
  );
  const late = Date.now() - (Number.isNaN(began) ? created.getTime() : began) > START_MS;
  return { health: late ? 'unhealthy' : 'starting', problem };
}

/** Once it was promoted all of its servers were ready. One that takes the place of another, or comes to the others, may take its time. */
function isDegraded(record: RevisionRecord, alive: Pod[]): boolean {
  const waiting = alive.filter((pod) => !isReady(pod));
  if (!record.promoted || alive.length - waiting.length >= record.wanted) return false;
  return waiting.some(isHindered) || conditionWords(record) !== undefined;
}

async function detailOf(
  record: RevisionRecord,
  health: ReleaseHealth,
  problem: Found['problem'],
  lastWords: LastWords,
  warned: Warned,
): Promise<string | undefined> {
  const ready = record.pods.filter(isReady).length;
  const some =
    ready > 0 && ready < record.wanted
      ? `${String(ready)} of ${String(record.wanted)} servers are ready.`
      : '';
  if (!problem) {
    const silent = record.pods.find(isSilent);
    const warning = silent && (await warned(silent));
    if (warning !== undefined) return [some, warning].filter(Boolean).join(' ');
    if (health === 'unhealthy') return 'Its servers run, but none is ready.';
    return [some, conditionWords(record)].filter(Boolean).join(' ') || undefined;
  }
  const said = problem.found.crashed ? await lastWords(problem.pod) : [];
  return [[some, problem.found.words].filter(Boolean).join(' '), ...said].join('\n');
}

/** Where there is no pod to ask, such as when a quota hinders it, the Deployment says why. */
function conditionWords({ deployment, pods, wanted }: RevisionRecord): string | undefined {
  if (pods.length >= wanted) return undefined;
  return deployment.status?.conditions?.find(
    ({ type, status }) => type === 'ReplicaFailure' && status === 'True',
  )?.message;
}
