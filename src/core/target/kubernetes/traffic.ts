import { labels } from '../../docker/labels';
import type { Subject, SwitchNote, Traffic } from './addressManifests';
import type { NamespaceApi } from './namespaceApi';
import { addressName, addressNotes, labelsOf, revisionNotes } from './names';
import { kinds, type HttpRoute, type Service } from './objects';
import { isReady, type RevisionRecord } from './revisions';

/** A stable address as the cluster has it. */
export interface Address {
  service: Service;
  model: string;
  traffic: Traffic;
  /** The highest revision that it knows of. */
  newest: number;
  /** What the last switch wrote down; undefined where none did. */
  note?: SwitchNote;
}

/** The stable addresses of a target, or that of one model on it. `routed`: whether HTTPRoutes divide the traffic. */
export async function listAddresses(
  api: NamespaceApi,
  of: { target: string; model?: string },
  routed: boolean,
  signal: AbortSignal,
): Promise<Address[]> {
  const [services, routes] = await Promise.all([
    api.list<Service>(kinds.service, { ...labelsOf(of), [labels.kind]: 'address' }, signal),
    routed ? api.list<HttpRoute>(kinds.httpRoute, labelsOf(of), signal) : [],
  ]);
  return services.map((service) =>
    toAddress(
      service,
      routes.find(({ metadata }) => metadata.name === service.metadata.name),
    ),
  );
}

/** The stable address of a model; undefined before its first promotion. */
export async function readAddress(
  api: NamespaceApi,
  of: Subject,
  routed: boolean,
  signal: AbortSignal,
): Promise<Address | undefined> {
  const name = addressName(of.model);
  const [service, route] = await Promise.all([
    api.get<Service>(kinds.service, name, signal),
    routed ? api.get<HttpRoute>(kinds.httpRoute, name, signal) : undefined,
  ]);
  return service && toAddress(service, route);
}

/** The selector and the weights are the truth: notes only tell which of two is the canary. */
function toAddress(service: Service, route: HttpRoute | undefined): Address {
  const { annotations = {}, labels: set = {} } = service.metadata;
  const selector = service.spec.selector ?? {};
  const noted = Number(annotations[addressNotes.serving] ?? 0);
  const canary = Number(annotations[addressNotes.canary] ?? 0);
  const pool = selector[revisionNotes.pool];
  const selected = Number(selector[labels.revision] ?? noted);
  const weights = route && weightsOf(route);
  return {
    service,
    model: annotations[labels.model] ?? set[labels.model] ?? service.metadata.name,
    newest: Math.max(selected, Number(annotations[addressNotes.newest] ?? 0)),
    note: noteIn(annotations[addressNotes.switch]),
    traffic: weights ? routedTraffic(weights, selected, canary) : sharedTraffic(selected, canary, pool),
  };
}

/** Others may write there too: what is no JSON is as good as none. */
function noteIn(text = ''): SwitchNote | undefined {
  try {
    return JSON.parse(text) as SwitchNote;
  } catch {
    return undefined;
  }
}

function sharedTraffic(serving: number, canary: number, pool: string | undefined): Traffic {
  if (pool === undefined) return { serving };
  return { serving, pool, ...(canary > 0 && { canary: { revision: canary, percent: 0 } }) };
}

function routedTraffic(weights: Map<number, number>, selected: number, canary: number): Traffic {
  const sum = [...weights.values()].reduce((total, weight) => total + weight, 0);
  const [first] = [...weights].sort((a, b) => b[1] - a[1]);
  const serving = weights.has(selected) && selected !== canary ? selected : (first?.[0] ?? selected);
  const other = [...weights.keys()].find((revision) => revision !== serving);
  if (other === undefined || sum === 0) return { serving };
  return { serving, canary: { revision: other, percent: ((weights.get(other) ?? 0) / sum) * 100 } };
}

function weightsOf({ spec }: HttpRoute): Map<number, number> {
  const found = new Map<number, number>();
  for (const { name, weight = 1 } of spec.rules?.[0]?.backendRefs ?? []) {
    const revision = Number(/-r(\d+)$/.exec(name)?.[1] ?? 0);
    if (revision > 0 && weight > 0) found.set(revision, weight);
  }
  return found;
}

/** Percent of the stable address's requests that a revision gets. `all` are the revisions of its model. */
export function percentOf(address: Address | undefined, revision: number, all: RevisionRecord[]): number {
  if (!address) return 0;
  const { serving, canary, pool } = address.traffic;
  if (pool !== undefined) return poolPercent(pool, revision, all);
  if (!canary) return revision === serving ? 100 : 0;
  if (revision === canary.revision) return canary.percent;
  return revision === serving ? 100 - canary.percent : 0;
}

/** Each pod that is ready gets the same part. */
function poolPercent(pool: string, revision: number, all: RevisionRecord[]): number {
  const shares = all.map((record) => ({
    revision: record.revision,
    ready: record.pods.filter((pod) => isReady(pod) && pod.metadata.labels?.[revisionNotes.pool] === pool)
      .length,
  }));
  const sum = shares.reduce((total, { ready }) => total + ready, 0);
  const own = shares.find((share) => share.revision === revision)?.ready ?? 0;
  return sum === 0 ? 0 : Math.round((own / sum) * 1000) / 10;
}

/** The revisions that have a part of the traffic. */
export function routed(traffic: Traffic | undefined): number[] {
  if (!traffic) return [];
  return [traffic.serving, ...(traffic.canary ? [traffic.canary.revision] : [])];
}

/** What part in the traffic a revision is meant to have, also while none of its pods is ready; undefined for none. */
export function roleOf(address: Address | undefined, revision: number): 'serving' | 'canary' | undefined {
  if (address?.traffic.serving === revision) return 'serving';
  return address?.traffic.canary?.revision === revision ? 'canary' : undefined;
}

/** Whether a revision is meant to have traffic, also while none of its pods is ready. */
export function isRouted(address: Address | undefined, revision: number): boolean {
  return roleOf(address, revision) !== undefined;
}
