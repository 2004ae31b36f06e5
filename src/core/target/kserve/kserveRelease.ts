import { readProof } from '../proof';
import type { Pod } from '../kubernetes/objects';
import type { Release, ReleaseHealth, ReleaseState, ReplicaRange } from '../target';
import { isReady } from '../kubernetes/revisions';
import { START_MS, isHindered, problemOf } from '../kubernetes/podWords';
import type { LastWords, Links } from '../kubernetes/releaseState';
import { dividesTraffic, modeOf } from './installation';
import type { FoundRevision } from './services';

/** What the cluster says about a revision, put together. */
export async function toKServeRelease(
  target: string,
  found: FoundRevision,
  links: (running: boolean) => Promise<Links>,
  lastWords: LastWords,
): Promise<Release> {
  const { kept, pods, mode } = found;
  const { model, revision, note, samplesHash, commit, author, image } = kept;
  const { proof, settings } = kept;
  const range = rangeOf(found);
  const alive = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const traffic = percentOf(found);
  const problem = alive.flatMap((pod) => {
    const words = isReady(pod) ? undefined : problemOf(pod);
    return words ? [{ pod, ...words }] : [];
  })[0];
  const health = healthOf(found, alive, problem?.ended ?? false);
  const asleep = health === 'ready' && alive.length === 0;
  const said = problem?.crashed ? await lastWords(problem.pod) : [];
  const words = problem ? [problem.words, ...said].join('\n') : undefined;
  return {
    id: `${target}/${model.name}/${String(revision)}`,
    ...{ target, model, revision, note, author, traffic, health },
    ...(samplesHash !== undefined && { samplesHash }),
    ...(commit !== undefined && { commit }),
    ...(proof !== undefined && readProof(proof)),
    ...(settings !== undefined && { settings }),
    // It shall run, and will not: whoever deployed it is not there any more to remove it.
    state: stateOf(found) === 'candidate' && health === 'stopped' && problem ? 'failed' : stateOf(found),
    ...(mode && !dividesTraffic({ mode }) && { undivided: true }),
    digest: image,
    created: new Date(kept.created),
    replicas: {
      ready: alive.filter(isReady).length,
      wanted: wantedOf(found, alive),
      ...(range && { range }),
    },
    detail: asleep ? 'No server runs now: the next request starts one.' : words,
    ...(await links(alive.length > 0 && !found.leaving)),
  };
}

function stateOf({ kept, address, candidate }: FoundRevision): ReleaseState {
  if (address?.serving === kept.revision) return 'serving';
  if (address?.canary?.revision === kept.revision && address.canary.percent > 0) return 'canary';
  return candidate ? 'candidate' : 'retired';
}

/** Between how many servers KServe decides; undefined of what has none. Plain Deployments have no more than they must, unless told. */
function rangeOf(found: FoundRevision): ReplicaRange | undefined {
  const { kept, address, candidate } = found;
  if (kept.scaled) return kept.scaled;
  if (stateOf(found) === 'candidate') return candidate ? { min: 1, max: 1 } : undefined;
  const { spec, status } = address?.service ?? {};
  if (!spec || stateOf(found) === 'retired') return undefined;
  const { minReplicas: min = 1, maxReplicas } = spec.predictor;
  const max = modeOf(status?.deploymentMode) === 'Standard' ? Math.max(maxReplicas ?? 0, min) : maxReplicas;
  return { min, ...(max !== undefined && { max }) };
}

function percentOf({ kept, address }: FoundRevision): number {
  if (!address) return 0;
  const { serving, canary } = address;
  if (canary?.revision === kept.revision && serving !== kept.revision) return canary.percent;
  return serving === kept.revision ? 100 - (canary && canary.revision !== serving ? canary.percent : 0) : 0;
}

/** KServe does not say how many it wants: as many as there are, or as there have to be at least. */
function wantedOf(found: FoundRevision, alive: Pod[]): number {
  return Math.max(alive.length, rangeOf(found)?.min ?? 0);
}

function healthOf(found: FoundRevision, alive: Pod[], ended: boolean): ReleaseHealth {
  if (found.leaving) return 'deleting';
  if (alive.some(isReady)) return isDegraded(found, alive) ? 'degraded' : 'ready';
  if (alive.length === 0) {
    // Knative stops servers that nobody asks.
    const { minReplicas } = found.address?.service.spec.predictor ?? {};
    return stateOf(found) === 'serving' && minReplicas === 0 ? 'ready' : 'stopped';
  }
  if (ended) return 'stopped';
  return Date.now() - new Date(found.kept.created).getTime() > START_MS ? 'unhealthy' : 'starting';
}

/** What has traffic was ready once. A server that takes the place of another, or comes to the others, may take its time. */
function isDegraded(found: FoundRevision, alive: Pod[]): boolean {
  const waiting = alive.filter((pod) => !isReady(pod));
  if (stateOf(found) !== 'serving' && stateOf(found) !== 'canary') return false;
  return alive.length - waiting.length < wantedOf(found, alive) && waiting.some(isHindered);
}
