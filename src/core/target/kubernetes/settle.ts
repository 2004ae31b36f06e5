import { addressCompanions, type Subject } from './addressManifests';
import { dryRun, removalOf, revisionServices, unusedCompanions } from './companions';
import { assertHostFree } from './hosts';
import { kinds } from './objects';
import { assertOurs } from './ownership';
import { removeUnused } from './promotion';
import { hasRoutes, type Site } from './site';
import { keepsRange, switchTraffic } from './switching';
import { readAddress } from './traffic';

/** Brings what stands beside a stable address to what the configuration says; the traffic stays as it is. Resolves to what was changed, in words. */
export async function settle(site: Site, of: Subject, signal: AbortSignal): Promise<string[]> {
  await assertOurs(site, of.model, signal);
  await assertHostFree(site, of.model, signal);
  const address = await readAddress(site.api, of, hasRoutes(site), signal);
  if (!address) return [];
  const { traffic } = address;
  const left = (await keepsRange(site, of, address, traffic, signal)) ? [kinds.autoscaler.kind] : [];
  const wanted = [...revisionServices(site, of, traffic), ...addressCompanions(site.config, of, traffic)];
  const changes = [];
  for (const object of wanted)
    if (!left.includes(object.kind)) changes.push(...(await dryRun(site, object, signal)));
  const unused = (await unusedCompanions(site, of, signal)).map(removalOf);
  if (changes.length > 0) await switchTraffic(site, of, traffic, signal);
  const rest = unused.length > 0 ? await removeUnused(site, of, signal) : [];
  return [...[...changes, ...unused].map(({ action, what }) => `${action} ${what}`), ...rest];
}
