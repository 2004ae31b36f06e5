import { readProof } from '../proof';
import type { Release, ReleaseState, ReplicaRange } from '../target';
import { LOAD_SECONDS } from '../untilReady';
import { isSilent, problemOf, type PodProblem } from './podWords';
import { isReady, type RevisionRecord } from './revisions';
import { isRouted, percentOf, type Address } from './traffic';
import type { Pod } from './objects';

/** How long a server may take to load its model until silence counts as unhealthy, in milliseconds. */
const START_MS = LOAD_SECONDS * 1000;

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
    ...(await links(health !== 'stopped')),
  };
}

function stateOf(
  { revision, promoted, wanted }: RevisionRecord,
  address: Address | undefined,
  health: Release['health'],
): ReleaseState {
  if (isRouted(address, revision)) {
    return address?.traffic.canary?.revision === revision ? 'canary' : 'serving';
  }
  if (promoted) return 'retired';
  // It shall run, and will not: whoever deployed it is not there any more to remove it.
  return wanted > 0 && health === 'stopped' ? 'failed' : 'candidate';
}

interface Found {
  health: Release['health'];
  problem?: { pod: Pod; found: PodProblem };
}

/** How a revision is, and which pod tells most about why. */
export function healthOf({ wanted, pods, created }: RevisionRecord): Found {
  const alive = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (wanted === 0) return { health: 'stopped' };
  const problems = alive.flatMap((pod) => {
    const found = isReady(pod) ? undefined : problemOf(pod);
    return found ? [{ pod, found }] : [];
  });
  const problem = problems.find(({ found }) => found.ended) ?? problems[0];
  if (alive.some(isReady)) return { health: 'ready', problem };
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

async function detailOf(
  record: RevisionRecord,
  health: Release['health'],
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
