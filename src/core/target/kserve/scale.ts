import { UserError } from '../../errors';
import type { TaskContext } from '../../task';
import { kinds } from '../kubernetes/objects';
import { nameOf } from '../kubernetes/site';
import { rangeFor, serverWords } from '../replicas';
import { settleAddress, type Change } from './address';
import { assertMayBeEmpty } from './check';
import { candidateService, type KeptRevision } from './inferenceService';
import type { FoundRevision } from './services';
import { installationFor, type KServeSite } from './site';

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
    await settleAddress(site, of, served, servingAs(now), task.signal);
  } else if (candidate) {
    const { metadata, spec } = candidateService(config, of, now, served);
    const { minReplicas, maxReplicas = null } = spec.predictor;
    const { annotations } = metadata;
    const change = { metadata: { annotations }, spec: { predictor: { minReplicas, maxReplicas } } };
    await api.patch(kinds.inferenceService, metadata.name, change, task.signal);
  } else {
    throw withoutServers(kept);
  }
  task.report(`${name} has ${serverWords(scaled)}`);
}

/** Has the revision that serves made as it is described now. */
function servingAs(now: KeptRevision): Change {
  return (state) => {
    if (state?.serving !== now.revision) throw withoutServers(now);
    if (state.canary) throw onTrial(state.canary.revision, now.model.name);
    const history = state.history.map((each) => (each.revision === now.revision ? now : each));
    return { division: { serving: now }, history, newest: state.newest };
  };
}

function withoutServers({ revision, model }: KeptRevision): UserError {
  return new UserError(
    'cluster-refused',
    `${nameOf(revision, model.name)} has no servers.`,
    'Promote it first.',
  );
}

/** An InferenceService says how its newest revision is made, which is not the one that serves then. */
function onTrial(canary: number, model: string): UserError {
  return new UserError(
    'cluster-refused',
    `While ${nameOf(canary, model)} is on trial, KServe can not scale the one that serves.`,
    `Promote or remove ${nameOf(canary, model)} first.`,
  );
}
