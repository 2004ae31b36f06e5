import { apiStatusOf } from './clusterErrors';
import { DEFAULT_REPLICAS, resourcesOf } from './deploymentManifest';
import type { Site } from './site';

interface ResourceQuota {
  metadata: { name: string };
  spec?: { scopes?: string[]; scopeSelector?: object };
  status?: { hard?: Record<string, string>; used?: Record<string, string> };
}

/**
 * What the quotas of the namespace leave too little of for the servers of a release beside those that run, in sentences. A warning only: what
 * serves already needs nothing more. None where nobody says.
 */
export async function quotaWarnings({ api, config }: Site, signal: AbortSignal): Promise<string[]> {
  const servers = config.replicas ?? DEFAULT_REPLICAS;
  const needs = needsOf(resourcesOf(config));
  const quotas = await quotasOf(api, signal);
  return quotas.flatMap(({ metadata, status: { hard = {}, used = {} } = {} }) =>
    Object.entries(hard).flatMap(([resource, most]) => {
      const need = needs[resource];
      const left = quantityOf(most) - quantityOf(used[resource] ?? '0');
      if (need === undefined || quantityOf(need.each) * servers <= left) return [];
      return `The quota ${metadata.name} of ${api.namespace} has ${used[resource] ?? '0'} of ${most} ${resource} in use: there is no room for ${servers} more servers with ${need.each} each.`;
    }),
  );
}

/** By the names that quotas have for it, what a server needs. Source: https://kubernetes.io/docs/concepts/policy/resource-quotas/ */
function needsOf({
  requests,
  limits,
}: ReturnType<typeof resourcesOf>): Record<string, { each: string } | undefined> {
  const named = (prefix: string, amounts: Record<string, string>) =>
    Object.entries(amounts).map(([resource, each]) => [`${prefix}${resource}`, { each }] as const);
  return {
    ...Object.fromEntries([
      ...named('', requests),
      ...named('requests.', requests),
      ...named('limits.', limits),
    ]),
    pods: { each: '1' },
    'count/pods': { each: '1' },
  };
}

/** Those that hold for all pods. */
async function quotasOf(
  { connection, namespace }: Site['api'],
  signal: AbortSignal,
): Promise<ResourceQuota[]> {
  try {
    const path = `/api/v1/namespaces/${namespace}/resourcequotas`;
    const { items = [] } = await connection.send<{ items?: ResourceQuota[] }>('GET', path, { signal });
    return items.filter(({ spec }) => !spec?.scopes?.length && !spec?.scopeSelector);
  } catch (error) {
    if (apiStatusOf(error) === 403) return [];
    throw error;
  }
}

const factors: Record<string, number> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** The number that a quantity is; NaN for none. Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
export function quantityOf(text: string): number {
  const [, number, suffix = ''] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([numkMGTPE]?i?)$/.exec(text) ?? [];
  return number === undefined ? NaN : Number(number) * (suffix === '' ? 1 : (factors[suffix] ?? NaN));
}
