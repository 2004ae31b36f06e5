import { UserError } from '../../errors';
import type { TaskContext } from '../../task';
import { nameOf } from '../kubernetes/site';
import { rangeFor, serverWords } from '../replicas';
import { assertMayBeEmpty } from './check';
import { addressInferenceService, candidateService } from './inferenceService';
import { installationFor, type KServeSite } from './rollout';
import type { FoundRevision } from './services';

/** Sets as few servers as a release has; KServe itself decides by their load how many there are, up to the most that it is told. */
export async function scale(
  site: KServeSite,
  found: FoundRevision,
  replicas: number,
  task: TaskContext,
): Promise<void> {
  const { kept, address, candidate } = found;
  const { api, config, target } = site;
  const of = { target, model: kept.model.name };
  const name = nameOf(kept.revision, of.model);
  const served = await installationFor(site, of, task.signal);
  if (replicas === 0) assertMayBeEmpty(served, 'Ask for 1 or more.');
  // Plain Deployments have no more than they must, unless told.
  const most = config.maxReplicas ?? (served.mode === 'Standard' ? replicas : undefined);
  const scaled = rangeFor(replicas, most);
  const now = { ...kept, scaled };
  if (address?.serving === kept.revision) {
    if (address.canary) throw onTrial(address.canary.revision, of.model);
    const history = address.history.map((each) => (each.revision === kept.revision ? now : each));
    await api.apply(addressInferenceService(config, of, { serving: now }, history, served), task.signal);
  } else if (candidate) {
    await api.apply(candidateService(config, of, now, served), task.signal);
  } else {
    throw new UserError('cluster-refused', `${name} has no servers.`, 'Promote it first.');
  }
  task.report(`${name} has ${serverWords(scaled)}`);
}

/** An InferenceService says how its newest revision is made, which is not the one that serves then. */
function onTrial(canary: number, model: string): UserError {
  return new UserError(
    'cluster-refused',
    `While ${nameOf(canary, model)} is on trial, KServe can not scale the one that serves.`,
    `Promote or remove ${nameOf(canary, model)} first.`,
  );
}
