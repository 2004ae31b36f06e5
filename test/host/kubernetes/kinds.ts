/** A kind of objects that the API server serves. */
export interface ServedKind {
  group: string;
  version: string;
  kind: string;
  plural: string;
  short?: string[];
  namespaced: boolean;
}

const core = { group: '', version: 'v1', namespaced: true };

export const builtIn: ServedKind[] = [
  { ...core, kind: 'Namespace', plural: 'namespaces', short: ['ns'], namespaced: false },
  { ...core, kind: 'Node', plural: 'nodes', short: ['no'], namespaced: false },
  { ...core, kind: 'Pod', plural: 'pods', short: ['po'] },
  { ...core, kind: 'Event', plural: 'events', short: ['ev'] },
  { ...core, kind: 'Service', plural: 'services', short: ['svc'] },
  { ...core, kind: 'ServiceAccount', plural: 'serviceaccounts', short: ['sa'] },
  { ...core, kind: 'Secret', plural: 'secrets' },
  { ...core, kind: 'ConfigMap', plural: 'configmaps', short: ['cm'] },
  { ...core, kind: 'ResourceQuota', plural: 'resourcequotas', short: ['quota'] },
  {
    group: 'apps',
    version: 'v1',
    namespaced: true,
    kind: 'Deployment',
    plural: 'deployments',
    short: ['deploy'],
  },
  {
    group: 'policy',
    version: 'v1',
    namespaced: true,
    kind: 'PodDisruptionBudget',
    plural: 'poddisruptionbudgets',
    short: ['pdb'],
  },
  {
    group: 'autoscaling',
    version: 'v2',
    namespaced: true,
    kind: 'HorizontalPodAutoscaler',
    plural: 'horizontalpodautoscalers',
    short: ['hpa'],
  },
  {
    group: 'networking.k8s.io',
    version: 'v1',
    namespaced: true,
    kind: 'Ingress',
    plural: 'ingresses',
    short: ['ing'],
  },
];

/** Kinds that a cluster has only where something is installed in it. */
export const addOns: Record<'gateway' | 'gateways' | 'prometheus' | 'kserve' | 'knative', ServedKind> = {
  gateway: {
    group: 'gateway.networking.k8s.io',
    version: 'v1',
    namespaced: true,
    kind: 'HTTPRoute',
    plural: 'httproutes',
  },
  gateways: {
    group: 'gateway.networking.k8s.io',
    version: 'v1',
    namespaced: true,
    kind: 'Gateway',
    plural: 'gateways',
    short: ['gtw'],
  },
  prometheus: {
    group: 'monitoring.coreos.com',
    version: 'v1',
    namespaced: true,
    kind: 'ServiceMonitor',
    plural: 'servicemonitors',
  },
  kserve: {
    group: 'serving.kserve.io',
    version: 'v1beta1',
    namespaced: true,
    kind: 'InferenceService',
    plural: 'inferenceservices',
    short: ['isvc'],
  },
  knative: {
    group: 'serving.knative.dev',
    version: 'v1',
    namespaced: true,
    kind: 'Service',
    plural: 'services',
    short: ['ksvc'],
  },
};

export function apiVersionOf({ group, version }: ServedKind): string {
  return group === '' ? version : `${group}/${version}`;
}
