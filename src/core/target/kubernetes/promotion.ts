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
import { removeRevision } from './removal';

/** How many releases of a model without traffic are kept, of those that had it and of those that failed. */
const KEPT = 3;
/** How often a switch is tried that somebody else's comes between. */
const TRIES = 5;
const RESTORE_MS = 20_000;

/** Gives a model's traffic to one revision, which is started first where it has no pods. Resolves to the revisions that had some before. */
export async function promote(site: Site, record: RevisionRecord, task: TaskContext): Promise<number[]> {
  const { model, revision } = record;
  const of = { target: site.target, model: model.name };
  await assertOurs(site, model.name, task.signal);
  await growTo(site, record, await wantedOf(site, of, record, task.signal), task.signal);
  try {
    await until(ready(), site, { model: model.name, revision }, task);
    task.report(`Moving the traffic to ${nameOf(revision, model.name)}`);
    const promoted = new Date().toISOString();
    await note(
      site,
      record,
      { [revisionNotes.promoted]: promoted, [revisionNotes.failed]: null },
      task.signal,
    );
    return await switchTraffic(site, of, { serving: revision }, task.signal);
  } catch (error) {
    await asBefore(site, record).catch(() => undefined);
    throw error;
  }
}

/** What a promotion that failed has changed of a revision. */
async function asBefore(site: Site, record: RevisionRecord): Promise<void> {
  const signal = AbortSignal.timeout(RESTORE_MS);
  const { annotations = {}, name } = record.deployment.metadata;
  const names = [revisionNotes.promoted, revisionNotes.failed];
  const noted = Object.fromEntries(names.map((each) => [each, annotations[each] ?? null]));
  await note(site, record, noted, signal);
  await site.api.scale(kinds.deployment, name, record.wanted, signal);
}

/** As many pods as the release before needs for the same traffic, and as many as are configured. */
async function wantedOf(
  site: Site,
  of: Subject,
  record: RevisionRecord,
  signal: AbortSignal,
): Promise<number> {
  const [records, address] = await Promise.all([
    listRevisions(site.api, of, signal),
    readAddress(site.api, of, site.config.gateway !== undefined, signal),
  ]);
  const serving = records.find(({ revision }) => revision === address?.traffic.serving);
  const { replicas = DEFAULT_REPLICAS, autoscale } = site.config;
  const known = record.wanted > 0 && !record.promoted ? record.wanted : replicas;
  return Math.max(known, autoscale?.min ?? 1, autoscale ? (serving?.wanted ?? 0) : 0);
}

async function growTo(
  site: Site,
  record: RevisionRecord,
  wanted: number,
  signal: AbortSignal,
): Promise<void> {
  if (record.wanted >= wanted) return;
  await site.api.scale(kinds.deployment, record.deployment.metadata.name, wanted, signal);
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

/** Divides the traffic of a stable address, which is made where there is none. Resolves to the revisions that had some before. */
export async function switchTraffic(
  site: Site,
  of: Subject,
  traffic: Traffic,
  signal: AbortSignal,
): Promise<number[]> {
  for (let tried = 1; ; tried++) {
    const before = await readAddress(site.api, of, site.config.gateway !== undefined, signal);
    try {
      await put(site, of, before, traffic, signal);
      return before ? routedBefore(before) : [];
    } catch (error) {
      if (apiStatusOf(error) !== 409 || tried === TRIES) throw error;
    }
  }
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
    await putCompanions(site, of, traffic, restore);
  } catch (error) {
    if (before) await putBack(site, of, before, restore);
    else await site.api.remove(kinds.service, service.metadata.name, restore);
    throw error;
  }
}

async function putCompanions(site: Site, of: Subject, traffic: Traffic, signal: AbortSignal): Promise<void> {
  for (const companion of addressCompanions(site.config, of, traffic))
    await site.api.apply(companion, signal);
}

async function putBack(site: Site, of: Subject, before: Address, signal: AbortSignal): Promise<void> {
  await site.api.apply(addressService(of, before.traffic, before.newest), signal);
  // One of them failed just now, and may do so again.
  await putCompanions(site, of, before.traffic, signal).catch(() => undefined);
}

function routedBefore({ traffic }: Address): number[] {
  return [traffic.serving, ...(traffic.canary ? [traffic.canary.revision] : [])];
}

/**
 * After a promotion: stops the revisions that had traffic before and have none now, when they had time to answer what they were asked,
 * and removes those that are too old to be kept. Resolves to what could not be removed, in words.
 */
export async function retire(
  site: Site,
  model: string,
  before: number[],
  task: TaskContext,
): Promise<string[]> {
  const of = { target: site.target, model };
  const idle = before.length > 0 ? await idleOf(site, of, before, task.signal) : [];
  if (idle.length > 0) {
    task.report('Waiting until the release before has answered everything');
    await sleep(site.drainMs, undefined, { signal: task.signal });
    // Somebody may have promoted it again in the meantime.
    for (const { deployment } of await idleOf(site, of, before, task.signal)) {
      await site.api.scale(kinds.deployment, deployment.metadata.name, 0, task.signal);
    }
  }
  return removeOld(site, of, task.signal);
}

async function idleOf(
  site: Site,
  of: Subject,
  before: number[],
  signal: AbortSignal,
): Promise<RevisionRecord[]> {
  const address = await readAddress(site.api, of, site.config.gateway !== undefined, signal);
  return (await listRevisions(site.api, of, signal)).filter(
    ({ revision, wanted }) => wanted > 0 && before.includes(revision) && !isRouted(address, revision),
  );
}

/** Removes releases without traffic that are too old for a roll-back. Resolves to what could not be removed, in words. */
async function removeOld(site: Site, of: Subject, signal: AbortSignal): Promise<string[]> {
  const address = await readAddress(site.api, of, site.config.gateway !== undefined, signal);
  const stopped = (await listRevisions(site.api, of, signal)).filter(
    ({ revision, wanted }) => wanted === 0 && !isRouted(address, revision),
  );
  const failed = stopped.filter((record) => record.failed !== undefined);
  const retired = stopped.filter((record) => record.failed === undefined && record.promoted);
  const left: string[] = [];
  for (const { revision } of [...failed.slice(KEPT), ...retired.slice(KEPT)]) {
    left.push(...(await removeRevision(site, { model: of.model, revision }, signal)));
  }
  return left;
}

/** Stops a revision that did not verify, and keeps the reason with it. */
export async function setAside(
  site: Site,
  record: RevisionRecord,
  reason: string,
  signal: AbortSignal,
): Promise<string[]> {
  const { model, revision, deployment } = record;
  const of = { target: site.target, model: model.name };
  const address = await readAddress(site.api, of, site.config.gateway !== undefined, signal);
  if (isRouted(address, revision)) {
    throw new UserError('cluster-refused', `By now ${nameOf(revision, model.name)} serves, so it stays.`);
  }
  await note(site, record, { [revisionNotes.failed]: reason }, signal);
  await site.api.scale(kinds.deployment, deployment.metadata.name, 0, signal);
  return removeOld(site, of, signal);
}
