import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../errors';
import type { TaskContext } from '../../task';
import type { Subject } from './addressManifests';
import { claiming, claimOn, isClaimed } from './claim';
import { unusedCompanions } from './companions';
import { DEFAULT_REPLICAS } from './deploymentManifest';
import { revisionNotes } from './names';
import { kindOf, kinds, type Deployment } from './objects';
import { assertOurs } from './ownership';
import { listRevisions, type RevisionRecord } from './revisions';
import { retryConflicts } from './retryConflicts';
import { ready, until } from './rollout';
import { hasRoutes, nameOf, type Site } from './site';
import { switchTraffic, takeBack, type Switched } from './switching';
import { isRouted, readAddress, roleOf } from './traffic';
import { remove, removeNamed, removeRevision } from './removal';

/** How many retired releases of a model are kept for a roll-back. */
const KEPT = 3;
const RESTORE_MS = 20_000;

/**
 * Gives a model's traffic to one revision, which is started first where it has no pods, and resolves when those that had it before
 * had time to answer what they were asked. Where it fails or is cancelled until then, all is as it was, unless somebody else has moved the
 * traffic since, or has stopped what had it before.
 */
export async function promote(
  site: Site,
  found: RevisionRecord,
  proof: string | undefined,
  task: TaskContext,
): Promise<Switched> {
  await assertOurs(site, found.model.name, task.signal);
  return claiming(site, found, task.signal, (record) => promoteClaimed(site, record, proof, task));
}

async function promoteClaimed(
  site: Site,
  record: RevisionRecord,
  proof: string | undefined,
  task: TaskContext,
): Promise<Switched> {
  const { model, revision } = record;
  const of = { target: site.target, model: model.name };
  const wanted = await wantedOf(site, of, task.signal);
  const role = roleOf(await readAddress(site.api, of, hasRoutes(site), task.signal), revision);
  let switched: Switched | undefined;
  try {
    if (record.wanted < wanted) await scaleTo(site, record, wanted, task.signal);
    await until(ready(), site, { model: model.name, revision }, task);
    task.report(`Moving the traffic to ${nameOf(revision, model.name)}`);
    switched = await switchTraffic(site, of, { serving: revision }, task.signal);
    const notes = { ...promotedNow(), ...(proof && { [revisionNotes.proof]: proof }) };
    await note(site, record, notes, AbortSignal.timeout(RESTORE_MS));
    task.signal.throwIfAborted();
    if (switched.idle.length > 0) {
      task.report('Waiting until the release before has answered everything');
      await sleep(site.drainMs, undefined, { signal: task.signal });
    }
  } catch (error) {
    await asBefore(site, of, record, role, switched).catch(() => undefined);
    throw error;
  }
  if (record.wanted > wanted) await scaleTo(site, record, wanted, AbortSignal.timeout(RESTORE_MS));
  return switched;
}

function promotedNow(): Record<string, string> {
  return { [revisionNotes.promoted]: new Date().toISOString() };
}

/** Takes back what a promotion that failed has changed, unless somebody else has moved the traffic since, or promotes the same one. */
async function asBefore(
  site: Site,
  of: Subject,
  record: RevisionRecord,
  before: ReturnType<typeof roleOf>,
  switched: Switched | undefined,
): Promise<void> {
  const signal = AbortSignal.timeout(RESTORE_MS);
  if (switched && !(await takeBack(site, of, switched, signal))) return;
  const now = await site.api.get<Deployment>(kinds.deployment, record.deployment.metadata.name, signal);
  const claim = now && claimOn(now);
  if (claim !== undefined && claim !== claimOn(record.deployment)) return;
  const role = roleOf(await readAddress(site.api, of, hasRoutes(site), signal), record.revision);
  if (role !== undefined && role !== before) return;
  const { annotations = {} } = record.deployment.metadata;
  const names = [revisionNotes.promoted, revisionNotes.proof];
  const notes = Object.fromEntries(names.map((each) => [each, annotations[each] ?? null]));
  await note(site, record, notes, signal);
  await scaleTo(site, record, record.wanted, signal);
}

/** As many pods as are configured, or as the release before needs for the same traffic. */
async function wantedOf(site: Site, of: Subject, signal: AbortSignal): Promise<number> {
  const { replicas = DEFAULT_REPLICAS, autoscale } = site.config;
  if (!autoscale) return replicas;
  const [records, address] = await Promise.all([
    listRevisions(site.api, of, signal),
    readAddress(site.api, of, hasRoutes(site), signal),
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
  await site.api.annotate(kinds.deployment, deployment.metadata.name, annotations, signal);
}

/**
 * After a promotion: removes what the configuration asks for no more, stops the revisions that have no traffic any more, also those that
 * a killed promotion left running, and removes those that are too old to be kept. Resolves to what could not be removed, in words.
 */
export async function retire(
  site: Site,
  model: string,
  switched: Switched,
  signal: AbortSignal,
): Promise<string[]> {
  const of = { target: site.target, model };
  const left = await removeUnused(site, of, signal);
  const old = await retryConflicts(() => stopUnused(site, of, switched, signal));
  for (const { revision } of old) {
    left.push(...(await removeRevision(site, { model, revision }, signal)));
  }
  return left;
}

/** Stops what has no traffic any more, unless it is changed meanwhile, as who promotes it does. Resolves to what is too old to be kept. */
async function stopUnused(
  site: Site,
  of: Subject,
  { before, idle }: Switched,
  signal: AbortSignal,
): Promise<RevisionRecord[]> {
  const records = await listRevisions(site.api, of, signal);
  const address = await readAddress(site.api, of, hasRoutes(site), signal);
  const unused = records.filter((record) => !isRouted(address, record.revision) && !isClaimed(record));
  const retired = unused.filter(({ promoted, revision }) => promoted || revision === before?.serving);
  const ended = unused.filter((record) => idle.includes(record.revision) || retired.includes(record));
  for (const record of retired) if (!record.promoted) await note(site, record, promotedNow(), signal);
  for (const { wanted, deployment } of ended) {
    const { name, resourceVersion } = deployment.metadata;
    if (wanted > 0) await site.api.scale(kinds.deployment, name, 0, signal, resourceVersion);
  }
  return retired.slice(KEPT);
}

/** Removes what stands beside the stable address and is asked for no more. Resolves to what is left, in words. */
export async function removeUnused(site: Site, of: Subject, signal: AbortSignal): Promise<string[]> {
  const left: string[] = [];
  for (const object of await unusedCompanions(site, of, signal))
    left.push(...(await removeNamed(site, kindOf(object), object.metadata.name, signal)));
  return left;
}

/** Removes a revision that did not verify. Resolves to what could not be removed, in words. */
export async function withdraw(site: Site, record: RevisionRecord, signal: AbortSignal): Promise<string[]> {
  const { model, revision } = record;
  const of = { target: site.target, model: model.name };
  const address = await readAddress(site.api, of, hasRoutes(site), signal);
  if (isRouted(address, revision)) {
    throw new UserError('cluster-refused', `By now ${nameOf(revision, model.name)} serves, so it stays.`);
  }
  return remove(site, { model: model.name, revision }, signal);
}
