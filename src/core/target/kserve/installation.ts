import { UserError } from '../../errors';
import { knows } from '../kubernetes/check';
import { apiStatusOf } from '../kubernetes/clusterErrors';
import type { NamespaceApi } from '../kubernetes/namespaceApi';
import { kinds } from '../kubernetes/objects';
import type { InferenceService } from './inferenceService';

/** What KServe makes of an InferenceService: Knative's services, or plain Deployments. */
export type Mode = 'Knative' | 'Standard';

/** How KServe is installed in a cluster. */
export interface Installation {
  mode: Mode;
  /** `0.15.0`; undefined where it can not be read. */
  version?: string;
}

const NAMESPACE = 'kserve';
/** From this version on, plain Deployments can have canaries. */
const CANARY_MINOR = 20;
const modeNote = 'serving.kserve.io/deploymentMode';

/** Older versions had other names. */
const modes: Record<string, Mode | undefined> = {
  Knative: 'Knative',
  Serverless: 'Knative',
  Standard: 'Standard',
  RawDeployment: 'Standard',
};

/**
 * Reads the mode and the version before anything is written, as what is written depends on both.
 * @param existing An InferenceService may have a mode of its own.
 */
export async function detect(
  api: NamespaceApi,
  existing: InferenceService | undefined,
  signal: AbortSignal,
): Promise<Installation> {
  if (!(await knows(api, kinds.inferenceService.apiVersion, signal))) {
    throw new UserError(
      'cluster-refused',
      'KServe is not installed in the cluster.',
      'Ask whoever runs the cluster to install it, or use a target of the kind "kubernetes".',
    );
  }
  const [configured, version] = await Promise.all([configuredMode(api, signal), versionOf(api, signal)]);
  const own = existing?.status?.deploymentMode ?? existing?.metadata.annotations?.[modeNote];
  const fallback = async () =>
    (await knows(api, 'serving.knative.dev/v1', signal)) ? ('Knative' as const) : ('Standard' as const);
  const mode = modes[own ?? ''] ?? configured ?? (await fallback());
  return { mode, ...(version !== undefined && { version }) };
}

/** Whether the traffic can be divided. */
export function dividesTraffic({ mode, version = '0.0' }: Installation): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return mode === 'Knative' || major > 0 || minor >= CANARY_MINOR;
}

async function configuredMode(api: NamespaceApi, signal: AbortSignal): Promise<Mode | undefined> {
  const path = `/api/v1/namespaces/${NAMESPACE}/configmaps/inferenceservice-config`;
  const found = await readable<{ data?: { deploy?: string } }>(api, path, signal);
  const mode = /"defaultDeploymentMode"\s*:\s*"(\w+)"/.exec(found?.data?.deploy ?? '')?.[1];
  return modes[mode ?? ''];
}

async function versionOf(api: NamespaceApi, signal: AbortSignal): Promise<string | undefined> {
  const path = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/kserve-controller-manager`;
  const found = await readable<{ spec?: { template?: { spec?: { containers?: { image?: string }[] } } } }>(
    api,
    path,
    signal,
  );
  const images = found?.spec?.template?.spec?.containers?.map(({ image }) => image ?? '') ?? [];
  return images.map((image) => /controller[^:]*:v?(\d+\.\d+(?:\.\d+)?)/.exec(image)?.[1]).find(Boolean);
}

/** Undefined where it does not exist, and where we may not look. */
async function readable<T>(api: NamespaceApi, path: string, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await api.connection.send<T>('GET', path, { signal });
  } catch (error) {
    const status = apiStatusOf(error);
    if (status === 404 || status === 403) return undefined;
    throw error;
  }
}
