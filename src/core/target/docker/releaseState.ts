import { answersReady } from '../http';
import type { Proxy } from './proxy';
import { urlOf, type Publishing } from './ports';
import type { ReleaseContainer } from './releaseContainers';
import { servingOf, trafficOf } from './routes';
import { readProof } from '../proof';
import type { Release, ReleaseHealth, ReleaseState } from '../target';

/** How long a server may take to load its model until silence counts as unhealthy, in milliseconds. */
const START_MS = 90_000;

/** How often a server may be started again without a word; and how long it has to run then until it counts as well again, in milliseconds. */
const RESTARTS = 1;
const STEADY_MS = 600_000;

/** What a container, its proxy and its server say, put together. */
export async function toRelease(
  container: ReleaseContainer,
  proxy: Proxy | undefined,
  publishing: Publishing,
  signal: AbortSignal,
): Promise<Release> {
  const { target, model, revision, digest, author, created, notes, settings } = container;
  const traffic = trafficOf(proxy?.routes, revision);
  const state = stateOf(container, proxy);
  const url = container.port === undefined ? undefined : await urlOf(publishing, container.port);
  const stableUrl = proxy?.port === undefined ? undefined : await urlOf(publishing, proxy.port);
  const health = await healthOf(container, url, signal);
  const proof = proxy?.routes?.proofs?.[String(revision)];
  return {
    id: `${target}/${model.name}/${String(revision)}`,
    ...{ target, model, revision, digest, ...notes, settings, author, created, traffic, state },
    ...{ health, url, stableUrl },
    ...(proof !== undefined && readProof(proof)),
    detail: detailOf(container, state, health, proxy),
  };
}

/** A release that was promoted, where it could not be looked at since: it was ready then. */
export function toServing(release: Release, stableUrl: string | undefined, proof?: string): Release {
  return {
    ...release,
    ...{ state: 'serving', traffic: 100, health: 'ready', detail: undefined, stableUrl },
    ...(proof !== undefined && readProof(proof)),
  };
}

function stateOf(container: ReleaseContainer, proxy: Proxy | undefined): ReleaseState {
  if (servingOf(proxy?.routes) === container.revision) return 'serving';
  if (trafficOf(proxy?.routes, container.revision) > 0) return 'canary';
  if (proxy?.routes?.promoted.includes(container.revision)) return 'retired';
  return container.crashed ? 'failed' : 'candidate';
}

async function healthOf(
  container: ReleaseContainer,
  url: string | undefined,
  signal: AbortSignal,
): Promise<ReleaseHealth> {
  if (container.removing) return 'deleting';
  if (endsAgain(container)) return 'degraded';
  if (!container.running || url === undefined) return 'stopped';
  if (await answersReady(url, signal)) return 'ready';
  return Date.now() - container.started.getTime() < START_MS ? 'starting' : 'unhealthy';
}

/** What is running but for the moment may end in the next one. */
function endsAgain({ running, restarting, restarts, started }: ReleaseContainer): boolean {
  if (restarting) return true;
  return running && restarts > RESTARTS && Date.now() - started.getTime() < STEADY_MS;
}

function detailOf(
  container: ReleaseContainer,
  state: ReleaseState,
  health: ReleaseHealth,
  proxy: Proxy | undefined,
): string | undefined {
  if (state === 'serving' && !proxy?.running) {
    return 'The proxy that holds its stable address does not run. Promote the release again to start it.';
  }
  // A retired release was stopped on purpose.
  if (health === 'stopped' && state !== 'retired')
    return `Its server ended: ${container.ended ?? 'it never ran'}.`;
  if (health === 'degraded') return endsWords(container);
  if (health === 'unhealthy') return 'Its server runs, but is not ready.';
  return undefined;
}

function endsWords({ ended, restarts }: ReleaseContainer): string {
  const how = ended === undefined ? '' : `: ${ended}`;
  if (restarts <= RESTARTS) return `Its server ended${how}. The engine starts it again.`;
  return `Its server ends again and again${how}. The engine has started it again ${String(restarts)} times.`;
}
