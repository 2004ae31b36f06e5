import { labels } from '../../docker/labels';
import type { Change } from '../target';
import { revisionService, type Subject, type Traffic } from './addressManifests';
import { apiStatusOf } from './clusterErrors';
import { labelsOf } from './names';
import { kindOf, kinds, type Kind, type KubeObject, type Service } from './objects';
import type { KubernetesConfig } from './options';
import type { Site } from './site';
import { routed } from './traffic';
import { lineDiff, yamlOf } from './yaml';

/** The kinds of what stands beside a stable address only where the configuration asks for it. */
const optional: [Kind, keyof KubernetesConfig][] = [
  [kinds.ingress, 'ingress'],
  [kinds.httpRoute, 'gateway'],
  [kinds.serviceMonitor, 'serviceMonitor'],
  [kinds.autoscaler, 'autoscale'],
];

/** The kinds that the configuration asks for. */
export function usedCompanions(config: KubernetesConfig): Kind[] {
  return optional.filter(([, field]) => config[field]).map(([kind]) => kind);
}

/** The Services that a Gateway divides the traffic among. */
export function revisionServices({ config }: Site, of: Subject, traffic: Traffic): Service[] {
  return config.gateway ? routed(traffic).map((revision) => revisionService(of, revision)) : [];
}

/** What we have made beside a stable address that the configuration asks for no more, in the order in which it is to be removed. */
export async function unusedCompanions(site: Site, of: Subject, signal: AbortSignal): Promise<KubeObject[]> {
  const used = usedCompanions(site.config);
  const unused = optional.filter(([kind]) => !used.includes(kind));
  const found = await Promise.all([
    ...unused.map(([kind]) => listAllowed(site, kind, labelsOf(of), signal)),
    ...(site.config.gateway
      ? []
      : [listAllowed(site, kinds.service, { ...labelsOf(of), [labels.kind]: 'revision' }, signal)]),
  ]);
  return found.flat();
}

/** Who may not even look for what is not asked for made nothing of it. */
async function listAllowed(
  { api }: Site,
  kind: Kind,
  selector: Record<string, string>,
  signal: AbortSignal,
): Promise<KubeObject[]> {
  try {
    return await api.list<KubeObject>(kind, selector, signal);
  } catch (error) {
    if (apiStatusOf(error) === 403) return [];
    throw error;
  }
}

/** What applying an object would change, as the cluster answers to a dry run: nothing where it has it so already. */
export async function dryRun({ api }: Site, object: KubeObject, signal: AbortSignal): Promise<Change[]> {
  const { name } = object.metadata;
  const [now, planned] = await Promise.all([
    api.get(kindOf(object), name, signal),
    api.apply(object, signal, true),
  ]);
  const diff = lineDiff(now ? yamlOf(now) : '', yamlOf(planned));
  if (diff === '') return [];
  return [{ action: now ? 'change' : 'create', what: `${object.kind} ${name}`, diff }];
}

export function removalOf(object: KubeObject): Change {
  return {
    action: 'remove',
    what: `${object.kind} ${object.metadata.name}`,
    diff: lineDiff(yamlOf(object), ''),
  };
}
