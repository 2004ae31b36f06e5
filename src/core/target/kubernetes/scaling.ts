import { UserError } from '../../errors';
import type { TaskContext } from '../../task';
import { rangeFor, serverWords } from '../replicas';
import type { ReplicaRange } from '../target';
import { autoscalerOf, type Subject } from './addressManifests';
import type { NamespaceApi } from './namespaceApi';
import { labelsOf } from './names';
import { kinds, type Autoscaler } from './objects';
import type { RevisionRecord } from './revisions';
import { hasRoutes, nameOf, type Site } from './site';
import { isRouted, readAddress } from './traffic';

/** Sets how many pods a revision has; where an autoscaler decides that, the fewest that it may decide on. */
export async function scale(
  site: Site,
  record: RevisionRecord,
  replicas: number,
  task: TaskContext,
): Promise<void> {
  const { api, config, target } = site;
  const { autoscale } = config;
  const of: Subject = { target, model: record.model.name };
  const name = nameOf(record.revision, of.model);
  const address = await readAddress(api, of, hasRoutes(site), task.signal);
  if (replicas < 1 && isRouted(address, record.revision)) {
    throw new UserError('cluster-refused', `${name} has traffic, so one server at least must run.`);
  }
  let range: ReplicaRange = { min: replicas, max: replicas };
  if (autoscale && address?.traffic.serving === record.revision) {
    range = rangeFor(replicas, autoscale.max);
    await api.apply(autoscalerOf({ ...autoscale, ...range }, of, record.revision), task.signal);
  } else {
    await api.scale(kinds.deployment, record.deployment.metadata.name, replicas, task.signal);
  }
  task.report(`${name} has ${serverWords(range)}`);
}

/** What autoscalers may decide on, by the names of the Deployments that they scale. */
export async function listRanges(
  api: NamespaceApi,
  of: { target: string; model?: string },
  signal: AbortSignal,
): Promise<Map<string, ReplicaRange>> {
  const found = await api.list<Autoscaler>(kinds.autoscaler, labelsOf(of), signal);
  return new Map(
    found.map(({ spec }) => [
      spec.scaleTargetRef.name,
      { min: spec.minReplicas ?? 1, max: spec.maxReplicas },
    ]),
  );
}
