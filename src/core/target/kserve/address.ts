import { setTimeout as sleep } from 'node:timers/promises';
import { labels } from '../../docker/labels';
import { UserError } from '../../errors';
import type { Subject } from '../kubernetes/addressManifests';
import { addressName } from '../kubernetes/names';
import { retryConflicts } from '../kubernetes/retryConflicts';
import {
  addressInferenceService,
  type AddressPlan,
  type Division,
  type KeptRevision,
} from './inferenceService';
import type { ServiceState } from './serviceState';
import type { Served } from './installation';
import { readAddressService } from './services';
import type { KServeSite } from './site';

/** How long the servers that take over from a canary may take to be ready, in milliseconds. Until then all of the traffic is where it was. */
const SETTLE_MS = 30_000;
const POLL_MS = 300;

/** How many retired revisions of a model are kept for a roll-back. */
const KEPT = 3;

/** What the InferenceService of a model's name shall say, by what it says; undefined leaves it alone. */
export type Change = (before: ServiceState | undefined) => AddressPlan | undefined;

/** Throws where the InferenceService that would be the stable address is somebody else's. */
export function assertOurs(site: KServeSite, of: Subject, state: ServiceState | undefined): void {
  if (!state) return;
  const owner = state.service.metadata.labels?.[labels.target];
  if (owner === site.target) return;
  const where = `in the namespace ${site.api.namespace}`;
  throw new UserError(
    'cluster-refused',
    owner === undefined
      ? `There is an InferenceService ${addressName(of.model)} ${where} that Slipway did not make.`
      : `The model ${of.model} ${where} belongs to the target ${owner}.`,
    `Give ${site.target} another namespace, or the model another name.`,
  );
}

/** How the traffic is divided from now on, with the revisions that had it before: as many as are kept. */
export function planWith(
  before: ServiceState | undefined,
  division: Division,
  known: KeptRevision[] = before?.history ?? [],
): AddressPlan {
  const routed = [...(division.canary ? [division.canary.kept] : []), division.serving];
  const revisions = routed.map(({ revision }) => revision);
  const others = known.filter(({ revision }) => !revisions.includes(revision));
  const history = [...routed, ...others.sort((a, b) => b.revision - a.revision)];
  return {
    division,
    history: history.slice(0, routed.length + KEPT),
    newest: Math.max(before?.newest ?? 0, ...revisions),
  };
}

/**
 * Writes the InferenceService of a model's name. Where somebody else's write comes between, it looks again what that says.
 * Resolves to what is written; undefined where it was left alone.
 */
export function writeAddress(
  site: KServeSite,
  of: Subject,
  served: Served,
  change: Change,
  signal: AbortSignal,
): Promise<AddressPlan | undefined> {
  return retryConflicts(async () => {
    const before = await readAddressService(site.api, of, signal);
    assertOurs(site, of, before);
    const plan = change(before);
    if (!plan) return undefined;
    const service = addressInferenceService(site.config, of, plan, served);
    const resourceVersion = before?.service.metadata.resourceVersion;
    const metadata = { ...service.metadata, ...(resourceVersion && { resourceVersion }) };
    signal.throwIfAborted();
    // Not to be cancelled: nobody would know whether it was written.
    await site.api.apply({ ...service, metadata }, new AbortController().signal);
    return plan;
  });
}

/**
 * As {@link writeAddress}, where one revision gets all of the traffic. Knative gives all of it to the newest of its revisions that is
 * ready, which may be a canary that failed: so in its place the one that serves is made anew first, without traffic.
 */
export async function settleAddress(
  site: KServeSite,
  of: Subject,
  served: Served,
  change: Change,
  signal: AbortSignal,
): Promise<void> {
  const hold: Change = (before) => {
    const plan = change(before);
    if (served.mode !== 'Knative' || !plan || plan.division.canary || !before?.divided) return plan;
    return { ...plan, held: before.canary?.revision !== plan.division.serving.revision };
  };
  const written = await writeAddress(site, of, served, hold, signal);
  if (!written?.held) return;
  const { serving } = written.division;
  const isSame = (state: ServiceState | undefined): state is ServiceState =>
    state?.serving === serving.revision && !state.canary;
  for (const deadline = Date.now() + SETTLE_MS; Date.now() < deadline;) {
    const state = await readAddressService(site.api, of, signal);
    if (!isSame(state)) return;
    if (latestIsReady(state)) break;
    await sleep(POLL_MS, undefined, { signal });
  }
  const release: Change = (state) =>
    isSame(state) && latestIsReady(state) ? { ...written, history: state.history, held: false } : undefined;
  await writeAddress(site, of, served, release, signal);
}

/** Whether KServe has taken over what was written, and the newest of Knative's revisions is ready. */
export function latestIsReady(state: ServiceState): boolean {
  const { latestCreatedRevision, latestReadyRevision } = state.service.status?.components?.predictor ?? {};
  return isSeen(state) && latestReadyRevision !== undefined && latestReadyRevision === latestCreatedRevision;
}

/** Whether what KServe says is about what was written last. */
export function isSeen({ service: { metadata, status } }: ServiceState): boolean {
  const { observedGeneration } = status ?? {};
  return observedGeneration === undefined || observedGeneration >= (metadata.generation ?? 0);
}
