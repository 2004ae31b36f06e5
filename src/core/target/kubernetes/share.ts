import { UserError } from '../../errors';
import type { TaskContext } from '../../task';
import type { Subject } from './addressManifests';
import { claiming } from './claim';
import { revisionNotes } from './names';
import { kinds } from './objects';
import { assertOurs } from './ownership';
import { listRevisions, type RevisionRecord } from './revisions';
import { ready, until } from './rollout';
import { hasRoutes, nameOf, type Site } from './site';
import { switchTraffic } from './switching';
import { readAddress, type Address } from './traffic';

/** As many servers as a canary may have also where fewer serve. */
const FEW = 4;

/** Gives a running revision a part of the traffic, or takes it back with 0: by weights of the Gateway, or else by numbers of pods. */
export async function share(
  site: Site,
  found: RevisionRecord,
  percent: number,
  task: TaskContext,
): Promise<void> {
  await assertOurs(site, found.model.name, task.signal);
  await claiming(site, found, task.signal, (record) => shareClaimed(site, record, percent, task));
}

async function shareClaimed(
  site: Site,
  record: RevisionRecord,
  percent: number,
  task: TaskContext,
): Promise<void> {
  const of = { target: site.target, model: record.model.name };
  const address = await readAddress(site.api, of, hasRoutes(site), task.signal);
  const all = await listRevisions(site.api, of, task.signal);
  const serving = all.find(({ revision }) => revision === address?.traffic.serving);
  if (!address || !serving) throw nothingServes(of);
  if (serving.revision === record.revision) {
    throw new UserError(
      'cluster-refused',
      `${nameOf(record.revision, of.model)} serves: the part of another is what it leaves.`,
    );
  }
  if (percent === 0) return takeBack(site, of, address, record, task);
  assertOnlyCanary(address, record);
  if (site.config.gateway) {
    if (record.wanted === 0) throw doesNotRun(record);
    await until(ready(), site, { model: of.model, revision: record.revision }, task);
    const canary = { revision: record.revision, percent };
    await switchTraffic(site, of, { serving: serving.revision, canary }, task.signal);
    return;
  }
  await shareByPods(site, of, { address, serving, record, all }, percent, task);
}

/**
 * How many servers a canary has beside those that serve, so that it gets about so much of the traffic, and how much that really is. It never
 * has more than those that serve, or a few: a large part beside one server would need very many.
 */
export function canaryServers(percent: number, serving: number): { servers: number; percent: number } {
  const beside = Math.max(1, serving);
  const asked = Math.max(1, Math.round((percent * beside) / (100 - percent)));
  const servers = Math.min(asked, Math.max(beside, FEW));
  return { servers, percent: Math.round((servers / (servers + beside)) * 1000) / 10 };
}

async function shareByPods(
  site: Site,
  of: Subject,
  {
    address,
    serving,
    record,
    all,
  }: { address: Address; serving: RevisionRecord; record: RevisionRecord; all: RevisionRecord[] },
  percent: number,
  task: TaskContext,
): Promise<void> {
  const pool = poolOf(serving);
  // Pods of another that shared with it before must not get in again.
  for (const other of all) {
    const alien = other.revision !== serving.revision && other.revision !== record.revision;
    if (alien && other.wanted > 0 && poolOf(other) === pool)
      await setPool(site, other, String(other.revision), task.signal);
  }
  const { servers: wanted, percent: real } = canaryServers(percent, serving.wanted);
  task.report(
    `Starting ${String(wanted)} of ${nameOf(record.revision, of.model)} beside ${String(serving.wanted)}: ${String(real)} % of the traffic${real === percent ? '' : `, not ${String(percent)} %`}`,
  );
  if (record.wanted !== wanted) {
    await site.api.scale(kinds.deployment, record.deployment.metadata.name, wanted, task.signal);
  }
  if (poolOf(record) !== pool) {
    await setPool(site, record, pool, task.signal);
  }
  const labelled = ready({ label: revisionNotes.pool, value: pool });
  await until(labelled, site, { model: of.model, revision: record.revision }, task);
  const canary = { revision: record.revision, percent };
  if (address.traffic.pool === pool && address.traffic.canary?.revision === record.revision) return;
  await switchTraffic(site, of, { serving: serving.revision, canary, pool }, task.signal);
}

async function takeBack(
  site: Site,
  of: Subject,
  { traffic }: Address,
  record: RevisionRecord,
  task: TaskContext,
): Promise<void> {
  if (traffic.canary?.revision !== record.revision) return;
  await switchTraffic(site, of, { serving: traffic.serving }, task.signal);
  if (!site.config.gateway) await setPool(site, record, String(record.revision), task.signal);
}

function assertOnlyCanary({ traffic }: Address, { revision, model }: RevisionRecord): void {
  const other = traffic.canary?.revision;
  if (other === undefined || other === revision) return;
  throw new UserError(
    'cluster-refused',
    `${nameOf(other, model.name)} has a part of the traffic already.`,
    'Promote it, or take its part back first.',
  );
}

/** A change of the pods' labels: the cluster makes new pods one by one, each ready before an old one goes. */
async function setPool(
  site: Site,
  { deployment }: RevisionRecord,
  pool: string,
  signal: AbortSignal,
): Promise<void> {
  const change = { spec: { template: { metadata: { labels: { [revisionNotes.pool]: pool } } } } };
  await site.api.patch(kinds.deployment, deployment.metadata.name, change, signal);
}

function poolOf({ deployment, revision }: RevisionRecord): string {
  return deployment.spec.template.metadata.labels[revisionNotes.pool] ?? String(revision);
}

function doesNotRun({ revision, model }: RevisionRecord): UserError {
  const next = 'Promote it, which starts it again, or refresh the targets.';
  return new UserError('endpoint-not-ready', `${nameOf(revision, model.name)} does not run.`, next);
}

function nothingServes({ model, target }: Subject): UserError {
  return new UserError(
    'release-missing',
    `No release of ${model} serves on ${target} whose traffic could be divided.`,
    'Promote one first.',
  );
}
