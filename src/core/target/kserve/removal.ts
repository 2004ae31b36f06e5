import { UserError } from '../../errors';
import { kinds } from '../kubernetes/objects';
import { nameOf } from '../kubernetes/site';
import { settleAddress } from './address';
import { removeCandidate } from './candidate';
import { divisionOf, type ServiceState } from './serviceState';
import { readAddressService, type FoundRevision } from './services';
import { installationFor, type KServeSite } from './site';

/** Removes a candidate, and forgets it where it had a part of the traffic. */
export async function failCandidate(
  site: KServeSite,
  found: FoundRevision,
  signal: AbortSignal,
): Promise<void> {
  const { kept, address } = found;
  if (address && isRouted(address, kept.revision)) {
    throw new UserError(
      'cluster-refused',
      `By now ${nameOf(kept.revision, kept.model.name)} serves, so it stays.`,
      'Promote another release, then remove it.',
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

/** Takes a revision out of the history, and its trial out of the InferenceService of the model's name. */
async function forget(site: KServeSite, { kept }: FoundRevision, signal: AbortSignal): Promise<void> {
  const of = { target: site.target, model: kept.model.name };
  const isOther = ({ revision }: { revision: number }) => revision !== kept.revision;
  const change = (state: ServiceState | undefined) => {
    const division = divisionOf(state);
    if (!state || !division || state.history.every(isOther)) return undefined;
    const { serving, canary } = division;
    return {
      division: canary && isOther(canary.kept) ? division : { serving },
      history: state.history.filter(isOther),
      newest: state.newest,
    };
  };
  // Where it is not known, nothing has to be asked about KServe either.
  if (!change(await readAddressService(site.api, of, signal))) return;
  await settleAddress(site, of, await installationFor(site, of, signal), change, signal);
}

function isRouted({ serving, canary }: ServiceState, revision: number): boolean {
  return serving === revision || (canary?.revision === revision && canary.percent > 0);
}
