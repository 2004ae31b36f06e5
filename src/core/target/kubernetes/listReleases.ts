import type { Release } from '../target';
import type { ReleaseLinks } from './links';
import { warningOf } from './podEvents';
import { lastWordsOf } from './podLogs';
import { healthOf, mayAnswer, toRelease } from './releaseState';
import { listWithLeaving, type RevisionRecord } from './revisions';
import { listRanges } from './scaling';
import { hasRoutes, type Site } from './site';
import { listAddresses } from './traffic';

/**
 * The releases as the cluster knows them, also those that are being removed.
 * @param model undefined for those of all models: then links that lead nowhere any more end
 */
export async function listReleases(
  site: Site,
  links: ReleaseLinks,
  model: string | undefined,
  signal: AbortSignal,
): Promise<Release[]> {
  const { api, config, target } = site;
  const began = performance.now();
  const of = { target, ...(model !== undefined && { model }) };
  const [records, addresses, ranges] = await Promise.all([
    listWithLeaving(api, of, signal),
    listAddresses(api, of, hasRoutes(site), signal),
    config.autoscale ? listRanges(api, of, signal) : undefined,
  ]);
  const addressOf = (record: RevisionRecord) => addresses.find((each) => each.model === record.model.name);
  const subjectOf = (record: RevisionRecord) => ({ target, model: record.model.name });
  if (model === undefined) {
    links.keepOnly(
      records.map((record) => ({
        of: subjectOf(record),
        revision: record.revision,
        running: mayAnswer(healthOf(record).health),
        stable: addressOf(record) !== undefined,
      })),
      began,
    );
  }
  return Promise.all(
    records.map((record) => {
      const address = addressOf(record);
      return toRelease(
        target,
        record,
        address,
        records.filter((other) => other.model.name === record.model.name),
        ranges?.get(record.deployment.metadata.name),
        (running) => links.of(subjectOf(record), record.revision, running, address !== undefined),
        (pod) => lastWordsOf(api, pod, signal),
        (pod) => warningOf(api, pod, signal),
      );
    }),
  );
}
