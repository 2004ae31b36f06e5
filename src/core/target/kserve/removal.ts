import { UserError } from '../../errors';
import { kinds } from '../kubernetes/objects';
import { nameOf } from '../kubernetes/site';
import { addressInferenceService, type Division, type ServiceState } from './inferenceService';
import { installationFor, removeCandidate, type KServeSite } from './rollout';
import { readAddressService, type FoundRevision } from './services';

/** Removes a candidate, and forgets it where it had a part of the traffic. */
export async function failCandidate(
  site: KServeSite,
  found: FoundRevision,
  signal: AbortSignal,
): Promise<void> {
  const { kept, address } = found;
  const part = address?.canary?.revision === kept.revision ? address.canary.percent : 0;
  if (address?.serving === kept.revision || part > 0) {
    throw new UserError(
      'cluster-refused',
      `By now ${nameOf(kept.revision, kept.model.name)} serves, so it stays.`,
    );
  }
  await removeCandidate(site, kept.model.name, kept.revision, signal);
  await forget(site, found, signal);
}

/** Removes a release, and the stable address with the last one. Resolves to what could not be removed, in words. */
export async function remove(site: KServeSite, found: FoundRevision, signal: AbortSignal): Promise<string[]> {
  const { kept, address, candidate } = found;
  const name = nameOf(kept.revision, kept.model.name);
  if (address && isRouted(address, kept.revision)) {
    if (address.history.length > 1) {
      throw new UserError(
        'cluster-refused',
        `${name} has traffic, and others of ${kept.model.name} are kept in the same InferenceService.`,
        'Promote another one first, or remove the others before this one.',
      );
    }
    await site.api.remove(kinds.inferenceService, address.service.metadata.name, signal);
  } else {
    await forget(site, found, signal);
  }
  if (candidate) await removeCandidate(site, kept.model.name, kept.revision, signal);
  return [];
}

/** Takes a revision out of the history. */
async function forget(site: KServeSite, { kept }: FoundRevision, signal: AbortSignal): Promise<void> {
  const of = { target: site.target, model: kept.model.name };
  const state = await readAddressService(site.api, of, signal);
  const division = state && divisionOf(state);
  if (!state || !division || !state.history.some(({ revision }) => revision === kept.revision)) return;
  const served = await installationFor(site, of, signal);
  const history = state.history.filter(({ revision }) => revision !== kept.revision);
  await site.api.apply(addressInferenceService(site.config, of, division, history, served), signal);
}

function divisionOf({ history, serving, canary }: ServiceState): Division | undefined {
  const kept = (wanted: number | undefined) => history.find(({ revision }) => revision === wanted);
  const first = kept(serving);
  const other = kept(canary?.revision);
  return (
    first && { serving: first, ...(other && canary && { canary: { kept: other, percent: canary.percent } }) }
  );
}

function isRouted({ serving, canary }: ServiceState, revision: number): boolean {
  return serving === revision || (canary?.revision === revision && canary.percent > 0);
}
