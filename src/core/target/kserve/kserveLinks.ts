import type { Subject } from '../kubernetes/addressManifests';
import type { Forwards } from '../kubernetes/forwards';
import { addressName, labelsOf } from '../kubernetes/names';
import { kinds, type Pod } from '../kubernetes/objects';
import { runs } from '../kubernetes/podWords';
import { isReady } from '../kubernetes/revisions';
import { isPodOf, listFound, readAddressService } from './services';
import type { KServeSite } from './site';

/** The address on this machine that leads to the pods of one revision. */
export function revisionUrl(
  forwards: Forwards,
  site: KServeSite,
  of: Subject,
  revision: number,
): Promise<string> {
  return forwards.urlOf(`${of.model}/${String(revision)}`, async (signal) => {
    const found = (await listFound(site.api, of, signal)).find(({ kept }) => kept.revision === revision);
    const pods = found?.pods ?? [];
    const ready = pods.filter(isReady);
    const running = pods.filter((pod) => runs(pod) && pod.metadata.deletionTimestamp === undefined);
    return namesOf(ready.length > 0 ? ready : running);
  });
}

/** The address on this machine that leads to whatever serves, divided as KServe divides it. */
export function stableUrl(forwards: Forwards, site: KServeSite, of: Subject): Promise<string> {
  return forwards.urlOf(of.model, async (signal) => {
    const service = { 'serving.kserve.io/inferenceservice': addressName(of.model) };
    const [state, pods] = await Promise.all([
      readAddressService(site.api, of, signal),
      site.api.list<Pod>(kinds.pod, { ...labelsOf(of), ...service }, signal),
    ]);
    const { canary, serving, history = [] } = state ?? {};
    const drawn = canary && Math.random() * 100 < canary.percent ? canary.revision : serving;
    const kept = history.find(({ revision }) => revision === drawn);
    const ready = pods.filter(isReady);
    const isOwn = (pod: Pod) => kept !== undefined && isPodOf(pod, kept);
    // While KServe replaces its pods, and where one has just ended, the others that are ready answer.
    return namesOf([...ready.filter(isOwn), ...ready.filter((pod) => !isOwn(pod))]);
  });
}

function namesOf(pods: Pod[]): string[] {
  return pods.map(({ metadata }) => metadata.name);
}
