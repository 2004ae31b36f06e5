import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../errors';
import type { TaskContext } from '../../task';
import { addressCompanions, addressService, type Subject, type Traffic } from './addressManifests';
import { apiStatusOf } from './clusterErrors';
import { assertOurs } from './candidate';
import { DEFAULT_REPLICAS } from './deploymentManifest';
import { revisionNotes } from './names';
import { kinds, type Deployment } from './objects';
import { listRevisions, type RevisionRecord } from './revisions';
import { ready, until } from './rollout';
import { nameOf, type Site } from './site';
import { isRouted, readAddress, type Address } from './traffic';
import { remove, removeAddress, removeRevision } from './removal';

/** How many retired releases of a model are kept for a roll-back. */
const KEPT = 3;
/** How often a switch is tried that somebody else's comes between. */
const TRIES = 5;
const RESTORE_MS = 20_000;

/**
 * Gives a model's traffic to one revision, which is started first where it has no pods, and resolves when those that had it before
 * had time to answer what they were asked. Where it fails or is cancelled until then, all is as it was. Resolves to the revisions that
 * have no traffic any more.
 */
export async function promote(
  site: Site,
  record: RevisionRecord,
  proof: string | undefined,
  task: TaskContext,
): Promise<number[]> {
  const { model, revision } = record;
  const of = { target: site.target, model: model.name };
  await assertOurs(site, model.name, task.signal);
  const wanted = await wantedOf(site, of, task.signal);
  let switched: Switched | undefined;
  try {
    if (record.wanted < wanted) await scaleTo(site, record, wanted, task.signal);
    await until(ready(), site, { model: model.name, revision }, task);
    task.report(`Moving the traffic to ${nameOf(revision, model.name)}`);
    const promoted = new Date().toISOString();
    const notes = { [revisionNotes.promoted]: promoted, ...(proof && { [revisionNotes.proof]: proof }) };
    await note(site, record, notes, task.signal);
    switched = await switchTraffic(site, of, { serving: revision }, task.signal);
    task.signal.throwIfAborted();
    if (switched.idle.length > 0) {
      task.report('Waiting until the release before has answered everything');
      await sleep(site.drainMs, undefined, { signal: task.signal });
    }
  } catch (error) {
    await asBefore(site, of, record, switched).catch(() => undefined);
    throw error;
  }
  if (record.wanted > wanted) await scaleTo(site, record, wanted, AbortSignal.timeout(RESTORE_MS));
  return switched.idle;
}

/** Takes back what a promotion that failed has changed. */
async function asBefore(
  site: Site,
  of: Subject,
  record: RevisionRecord,
  switched: Switched | undefined,
): Promise<void> {
  const signal = AbortSignal.timeout(RESTORE_MS);
  if (switched?.before) await switchTraffic(site, of, switched.before, signal);
  else if (switched) await removeAddress(site, of.model, signal);
  const { annotations = {} } = record.deployment.metadata;
  const names = [revisionNotes.promoted, revisionNotes.proof];
  await note(
    site,
    record,
    Object.fromEntries(names.map((each) => [each, annotations[each] ?? null])),
    signal,
  );
  await scaleTo(site, record, record.wanted, signal);
}

/** As many pods as are configured, or as the release before needs for the same traffic. */
async function wantedOf(site: Site, of: Subject, signal: AbortSignal): Promise<number> {
  const { replicas = DEFAULT_REPLICAS, autoscale } = site.config;
  if (!autoscale) return replicas;
  const [records, address] = await Promise.all([
    listRevisions(site.api, of, signal),
    readAddress(site.api, of, site.config.gateway !== undefined, signal),
  ]);
  const serving = records.find(({ revision }) => revision === address?.traffic.serving);
  return Math.max(replicas, autoscale.min, serving?.wanted ?? 0);
}

async function scaleTo(
  site: Site,
  { deployment }: RevisionRecord,
  replicas: number,
  signal: AbortSignal,
): Promise<void> {
  await site.api.scale(kinds.deployment, deployment.metadata.name, replicas, signal);
}

async function note(
  site: Site,
  { deployment }: RevisionRecord,
  annotations: Record<string, string | null>,
  signal: AbortSignal,
): Promise<void> {
  const change = { metadata: { annotations } };
  await site.api.patch<Deployment>(kinds.deployment, deployment.metadata.name, change, signal);
}

/** What a switch of traffic leaves behind. */
interface Switched {
  /** How it was divided; undefined where the stable address is new. */
  before: Traffic | undefined;
  /** Revisions that had a part of it, and have none now. */
  idle: number[];
}

/** Divides the traffic of a stable address, which is made where there is none. */
export async function switchTraffic(
  site: Site,
  of: Subject,
  traffic: Traffic,
  signal: AbortSignal,
): Promise<Switched> {
  for (let tried = 1; ; tried++) {
    const before = await readAddress(site.api, of, site.config.gateway !== undefined, signal);
    try {
      await put(site, of, before, traffic, signal);
      const now = routed(traffic);
      return { before: before?.traffic, idle: routed(before?.traffic).filter((each) => !now.includes(each)) };
    } catch (error) {
      if (apiStatusOf(error) !== 409 || tried === TRIES) throw error;
    }
  }
}

function routed(traffic: Traffic | undefined): number[] {
  if (!traffic) return [];
  return [traffic.serving, ...(traffic.canary ? [traffic.canary.revision] : [])];
}

/** Where one of the objects can not be written, all are put back. */
async function put(
  site: Site,
  of: Subject,
  before: Address | undefined,
  traffic: Traffic,
  signal: AbortSignal,
): Promise<void> {
  const newest = Math.max(before?.newest ?? 0, traffic.serving, traffic.canary?.revision ?? 0);
  const service = addressService(of, traffic, newest);
  const resourceVersion = before?.service.metadata.resourceVersion;
  const locked = {
    ...service,
    metadata: { ...service.metadata, ...(resourceVersion && { resourceVersion }) },
  };
  await site.api.apply(locked, signal);
  // Not to be cancelled between two objects.
  const restore = AbortSignal.timeout(RESTORE_MS);
  try {
    // To how many servers somebody has scaled what serves stays so.
    const scaled = before?.traffic.serving === traffic.serving;
    await putCompanions(site, of, traffic, restore, scaled ? [kinds.autoscaler.kind] : []);
  } catch (error) {
    if (before) await putBack(site, of, before, restore);
    else await site.api.remove(kinds.service, service.metadata.name, restore);
    throw error;
  }
}

async function putCompanions(
  site: Site,
  of: Subject,
  traffic: Traffic,
  signal: AbortSignal,
  left: string[] = [],
): Promise<void> {
  const companions = addressCompanions(site.config, of, traffic).filter(({ kind }) => !left.includes(kind));
  for (const companion of companions) await site.api.apply(companion, signal);
}

async function putBack(site: Site, of: Subject, before: Address, signal: AbortSignal): Promise<void> {
  await site.api.apply(addressService(of, before.traffic, before.newest), signal);
  // One of them failed just now, and may do so again.
  await putCompanions(site, of, before.traffic, signal).catch(() => undefined);
}

/**
 * After a promotion: stops the `idle` revisions that are still without traffic, and removes those that are too old to be kept.
 * Resolves to what could not be removed, in words.
 */
export async function retire(
  site: Site,
  model: string,
  idle: number[],
  signal: AbortSignal,
): Promise<string[]> {
  const of = { target: site.target, model };
  const address = await readAddress(site.api, of, site.config.gateway !== undefined, signal);
  const unused = (await listRevisions(site.api, of, signal)).filter(
    ({ revision }) => !isRouted(address, revision),
  );
  for (const record of unused) if (idle.includes(record.revision)) await scaleTo(site, record, 0, signal);
  const old = unused
    .filter(({ promoted }) => promoted)
    .slice(KEPT)
    .filter(({ revision, wanted }) => wanted === 0 || idle.includes(revision));
  const left: string[] = [];
  for (const { revision } of old) {
    left.push(...(await removeRevision(site, { model, revision }, signal)));
  }
  return left;
}

/** Removes a revision that did not verify. Resolves to what could not be removed, in words. */
export async function withdraw(site: Site, record: RevisionRecord, signal: AbortSignal): Promise<string[]> {
  const { model, revision } = record;
  const of = { target: site.target, model: model.name };
  const address = await readAddress(site.api, of, site.config.gateway !== undefined, signal);
  if (isRouted(address, revision)) {
    throw new UserError('cluster-refused', `By now ${nameOf(revision, model.name)} serves, so it stays.`);
  }
  return remove(site, { model: model.name, revision }, signal);
}
