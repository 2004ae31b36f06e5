import type { Change, ReleaseRequest } from '../target';
import { addressName } from '../kubernetes/names';
import { lineDiff, yamlOf } from '../kubernetes/yaml';
import { planWith } from './address';
import { keptRevision, nextRevision } from './candidate';
import { addressInferenceService, candidateService } from './inferenceService';
import { readAddressService } from './services';
import { installationFor, type KServeSite } from './site';

/** What a deploy and its promotion would do in the cluster, as the cluster itself answers to a dry run. */
export async function planOn(
  site: KServeSite,
  request: ReleaseRequest,
  signal: AbortSignal,
): Promise<Change[]> {
  const { api, config, target } = site;
  const of = { target, model: request.model.name };
  const revision = await nextRevision(site, of, signal);
  const served = await installationFor(site, of, signal);
  const before = await readAddressService(api, of, signal);
  // The image is made by the deploy itself, so that its digest is not known yet.
  const kept = keptRevision(config, request, `${config.registry}/${addressName(of.model)}`, revision);
  const address = addressInferenceService(config, of, planWith(before, { serving: kept }), served);
  const planned = await api.apply(address, signal, true);
  const candidate = candidateService(config, of, kept, served);
  await api.apply(candidate, signal, true);
  return [
    { action: 'create', what: `InferenceService ${candidate.metadata.name}, until it is promoted` },
    {
      action: before ? 'change' : 'create',
      what: `InferenceService ${planned.metadata.name}`,
      diff: lineDiff(before ? yamlOf(before.service) : '', yamlOf(planned)),
    },
  ];
}
