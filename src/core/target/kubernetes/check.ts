import { UserError } from '../../errors';
import type { TaskContext } from '../../task';
import { certificateEnd } from '../clientCertificate';
import type { ReleaseRequest, Standing } from '../target';
import { apiStatusOf } from './clusterErrors';
import { assertNamedExist } from './existing';
import { assertHostFree } from './hosts';
import { clientCertificate, type KubeContext } from './kubeconfig';
import { groupPath, type NamespaceApi } from './namespaceApi';
import { kinds, type Kind } from './objects';
import { assertOurs } from './ownership';
import { permissionsFor, type Permission } from './permissions';
import { quotaWarnings } from './quota';
import { hasRoutes, type Site } from './site';

/** The oldest version with all that is used, `autoscaling/v2` and `policy/v1` among it. */
const OLDEST_MINOR = 25;

/** Throws when the cluster lacks something that a deploy needs. Changes nothing. */
export async function checkCluster(
  site: Site,
  request: ReleaseRequest | undefined,
  task: TaskContext,
): Promise<Standing> {
  const { api, context, config } = site;
  const standing = await standingOf(context, api, task.signal);
  task.report('Asking what is allowed');
  const needed: [Kind, boolean, string][] = [
    [kinds.httpRoute, hasRoutes(site), 'The Gateway API is not installed, which "gateway" needs.'],
    [
      kinds.serviceMonitor,
      Boolean(config.serviceMonitor),
      'Prometheus\' operator is not installed, which "serviceMonitor" needs.',
    ],
  ];
  for (const [kind, used, words] of needed) if (used) await assertKnown(api, kind, words, task.signal);
  await assertAllowed(api, permissionsFor(config), task.signal);
  await assertNamedExist(site, task.signal);
  if (config.autoscale && !(await knows(api, 'metrics.k8s.io/v1beta1', task.signal))) {
    standing.warnings.push('The cluster has no metrics server, so "autoscale" has nothing to go by.');
  }
  if (request) {
    standing.warnings.push(...(await quotaWarnings(site, task.signal)));
    await assertOurs(site, request.model.name, task.signal);
    await assertHostFree(site, request.model.name, task.signal);
  }
  return standing;
}

/** Reaches the cluster and its namespace, and says as whom. */
export async function standingOf(
  context: KubeContext,
  api: NamespaceApi,
  signal: AbortSignal,
): Promise<Standing> {
  const warnings: string[] = [];
  const holder = {
    words: `the context ${context.name}`,
    code: 'cluster-denied',
    next: 'Log in again with the tool that made the kubeconfig.',
  } as const;
  const expires = certificateEnd(() => clientCertificate(context), holder, warnings);
  const { minor, gitVersion } = await api.connection.send<{ minor?: string; gitVersion?: string }>(
    'GET',
    '/version',
    {
      signal,
    },
  );
  const number = Number.parseInt(minor ?? '', 10);
  if (number < OLDEST_MINOR) {
    warnings.push(
      `The cluster is ${gitVersion ?? 'old'}; Slipway is made for 1.${String(OLDEST_MINOR)} and newer.`,
    );
  }
  await assertNamespace(api, signal);
  const identity = (await whoAmI(api, signal)) ?? context.user;
  return { warnings, ...(identity !== undefined && { identity }), ...(expires && { expires }) };
}

/** Who may not look at namespaces may still use one. */
async function assertNamespace(api: NamespaceApi, signal: AbortSignal): Promise<void> {
  try {
    await api.connection.send('GET', `/api/v1/namespaces/${api.namespace}`, { signal });
  } catch (error) {
    const status = apiStatusOf(error);
    if (status === 403) return;
    if (status !== 404) throw error;
    throw new UserError(
      'cluster-refused',
      `The cluster has no namespace ${api.namespace}.`,
      `Make it with "kubectl create namespace ${api.namespace}", or name another one.`,
      { cause: error },
    );
  }
}

/** Undefined where the cluster is too old to say it. */
async function whoAmI(api: NamespaceApi, signal: AbortSignal): Promise<string | undefined> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  try {
    const review = await api.connection.send<{ status?: { userInfo?: { username?: string } } }>(
      'POST',
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      { body, signal },
    );
    return review.status?.userInfo?.username;
  } catch (error) {
    const status = apiStatusOf(error);
    if (status === 404 || status === 403) return undefined;
    throw error;
  }
}

async function assertKnown(
  api: NamespaceApi,
  { apiVersion }: Kind,
  words: string,
  signal: AbortSignal,
): Promise<void> {
  if (await knows(api, apiVersion, signal)) return;
  throw new UserError('cluster-refused', words, 'Ask whoever runs the cluster to install it.');
}

/** Whether the cluster has a group of its API. */
export async function knows(api: NamespaceApi, apiVersion: string, signal: AbortSignal): Promise<boolean> {
  try {
    await api.connection.send('GET', groupPath(apiVersion), { signal });
    return true;
  } catch (error) {
    if (apiStatusOf(error) === 404) return false;
    throw error;
  }
}

/** Throws with the list of what is not allowed. */
export async function assertAllowed(
  api: NamespaceApi,
  permissions: Permission[],
  signal: AbortSignal,
): Promise<void> {
  const each = permissions.flatMap(({ group, resource, verbs }) =>
    verbs.map((verb) => ({ group, resource, verb })),
  );
  const allowed = await Promise.all(each.map((one) => isAllowed(api, one, signal)));
  const missing = each.filter((_, index) => !allowed[index]);
  if (missing.length === 0) return;
  const words = missing.map(
    ({ verb, resource, group }) => `${verb} ${group ? `${resource}.${group}` : resource}`,
  );
  throw new UserError(
    'cluster-denied',
    `In the namespace ${api.namespace} it is not allowed to: ${words.join(', ')}.`,
    'Ask whoever runs the cluster for a role with these permissions.',
  );
}

async function isAllowed(
  api: NamespaceApi,
  { group, resource, verb }: { group: string; resource: string; verb: string },
  signal: AbortSignal,
): Promise<boolean> {
  const [name, subresource] = resource.split('/');
  const { namespace } = api;
  const resourceAttributes = { namespace, group, resource: name, verb, ...(subresource && { subresource }) };
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  };
  const review = await api.connection.send<{ status?: { allowed?: boolean } }>(
    'POST',
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    { body, signal },
  );
  return review.status?.allowed ?? false;
}
