import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  addressCompanions,
  addressService,
  type Subject,
  type SwitchNote,
  type Traffic,
} from './addressManifests';
import { apiStatusOf } from './clusterErrors';
import { revisionServices } from './companions';
import { addressName } from './names';
import { kinds } from './objects';
import { assertOwn } from './ownership';
import { removeAddress } from './removal';
import { isReady, listRevisions } from './revisions';
import { retryConflicts } from './retryConflicts';
import { assertRouteTaken } from './routeStatus';
import { hasRoutes, type Site } from './site';
import { readAddress, routed, type Address } from './traffic';

const RESTORE_MS = 20_000;

/** What a switch of traffic leaves behind. */
export interface Switched {
  /** Names this switch among all others. */
  id: string;
  /** How the traffic was divided; undefined where the stable address is new. */
  before: Traffic | undefined;
  /** Revisions that had a part of it, and have none now. */
  idle: number[];
}

/** Divides the traffic of a stable address, which is made where there is none. Where one of its objects can not be written, all are put back. */
export function switchTraffic(
  site: Site,
  of: Subject,
  traffic: Traffic,
  signal: AbortSignal,
): Promise<Switched> {
  return retryConflicts(async () => {
    const before = await readAddress(site.api, of, hasRoutes(site), signal);
    const id = await put(site, of, before, traffic, signal);
    const now = routed(traffic);
    const idle = routed(before?.traffic).filter((each) => !now.includes(each));
    return { id, before: before?.traffic, idle };
  });
}

async function put(
  site: Site,
  of: Subject,
  before: Address | undefined,
  traffic: Traffic,
  signal: AbortSignal,
): Promise<string> {
  const keeps = await keepsRange(site, of, before, traffic, signal);
  await putRevisions(site, of, traffic, signal);
  signal.throwIfAborted();
  // Not to be cancelled from here on: nobody would know what of it was done.
  const restore = AbortSignal.timeout(RESTORE_MS);
  const id = randomUUID();
  try {
    await putService(site, of, before, traffic, id, restore);
    await putCompanions(site, of, traffic, restore, keeps);
    await assertRouteTaken(site, of, restore);
    await keepUp(site, of, id, restore);
  } catch (error) {
    const back = AbortSignal.timeout(RESTORE_MS);
    await takeBack(site, of, { id, before: before?.traffic }, back).catch(() => undefined);
    throw error;
  }
  return id;
}

/** The Service says who has the traffic. A status of 409 says that somebody else has moved it since it was read. */
async function putService(
  site: Site,
  of: Subject,
  now: Address | undefined,
  traffic: Traffic,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  const { autoscale } = site.config;
  const note: SwitchNote = { id, traffic, ...(autoscale && { autoscale }) };
  const newest = Math.max(now?.newest ?? 0, ...routed(traffic));
  const service = addressService(of, traffic, newest, note);
  const resourceVersion = now?.service.metadata.resourceVersion;
  const metadata = { ...service.metadata, ...(resourceVersion && { resourceVersion }) };
  await site.api.apply({ ...service, metadata }, signal);
}

async function putCompanions(
  site: Site,
  of: Subject,
  traffic: Traffic,
  signal: AbortSignal,
  keepsRange = false,
): Promise<void> {
  for (const companion of addressCompanions(site.config, of, traffic)) {
    if (keepsRange && companion.kind === kinds.autoscaler.kind) continue;
    await site.api.apply(companion, signal);
  }
}

/** A revision may be of the time before there was a Gateway. */
async function putRevisions(site: Site, of: Subject, traffic: Traffic, signal: AbortSignal): Promise<void> {
  for (const service of revisionServices(site, of, traffic)) {
    await assertOwn(site, of.model, kinds.service, service.metadata.name, signal);
    await site.api.apply(service, signal);
  }
}

/** What stands beside the Service knows no versions: who wrote it later than somebody else's switch writes it anew for that one. */
async function keepUp(site: Site, of: Subject, written: string, signal: AbortSignal): Promise<void> {
  for (let id = written; ;) {
    const note = (await readAddress(site.api, of, false, signal))?.note;
    if (!note || note.id === id) return;
    await putRevisions(site, of, note.traffic, signal);
    await putCompanions(site, of, note.traffic, signal);
    id = note.id;
  }
}

/** To how many servers somebody has scaled what serves stays so, as long as the configuration does. */
export async function keepsRange(
  { api, config }: Site,
  of: Subject,
  before: Address | undefined,
  { serving }: Traffic,
  signal: AbortSignal,
): Promise<boolean> {
  if (!config.autoscale || before?.traffic.serving !== serving) return false;
  if (before.note && !isDeepStrictEqual(before.note.autoscale, config.autoscale)) return false;
  return (await api.get(kinds.autoscaler, addressName(of.model), signal)) !== undefined;
}

/** Divides the traffic again as it was before a switch, unless somebody else has moved it since, or nothing is ready there. Resolves to whether it did. */
export async function takeBack(
  site: Site,
  of: Subject,
  { id, before }: Pick<Switched, 'id' | 'before'>,
  signal: AbortSignal,
): Promise<boolean> {
  const now = await readAddress(site.api, of, false, signal);
  if (now?.note?.id !== id || now.note.traffic.serving !== now.traffic.serving) return false;
  if (!before) {
    await removeAddress(site, of.model, signal);
    return true;
  }
  // Another promotion may have stopped it, when its traffic had gone elsewhere before.
  if (!(await answers(site, of, before.serving, signal))) return false;
  try {
    await putRevisions(site, of, before, signal);
    await putService(site, of, now, before, randomUUID(), signal);
  } catch (error) {
    if (apiStatusOf(error) === 409) return false;
    throw error;
  }
  // One of them may have failed just now, and do so again.
  await putCompanions(site, of, before, signal).catch(() => undefined);
  return true;
}

async function answers({ api }: Site, of: Subject, revision: number, signal: AbortSignal): Promise<boolean> {
  const records = await listRevisions(api, of, signal);
  return records.some((record) => record.revision === revision && record.pods.some(isReady));
}
