import { kinds, type Kind } from './objects';
import type { KubernetesConfig } from './options';

/** What somebody has to be allowed to do. */
export interface Permission {
  /** Empty for the core group. */
  group: string;
  /** `deployments`, or `pods/log`. */
  resource: string;
  verbs: string[];
}

const written = ['get', 'list', 'create', 'patch', 'delete'];

/** What a deploy to a Kubernetes target asks of the cluster. */
export function permissionsFor(config: KubernetesConfig): Permission[] {
  return [
    permission(kinds.deployment, written),
    { group: 'apps', resource: 'deployments/scale', verbs: ['patch'] },
    permission(kinds.service, written),
    permission(kinds.budget, written),
    ...podPermissions,
    ...(config.autoscale ? [permission(kinds.autoscaler, written)] : []),
    ...(config.ingress ? [permission(kinds.ingress, written)] : []),
    ...(config.gateway ? [permission(kinds.httpRoute, written)] : []),
    ...(config.serviceMonitor ? [permission(kinds.serviceMonitor, written)] : []),
  ];
}

/** To see how pods are, to read what they write, and to reach them. */
export const podPermissions: Permission[] = [
  permission(kinds.pod, ['get', 'list']),
  { group: '', resource: 'pods/log', verbs: ['get'] },
  { group: '', resource: 'pods/portforward', verbs: ['get', 'create'] },
];

export function permission(kind: Kind, verbs: string[]): Permission {
  return { group: groupOf(kind), resource: kind.plural, verbs };
}

export function groupOf({ apiVersion }: Kind): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}
