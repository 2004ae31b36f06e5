import { UserError } from '../../errors';
import { knows } from '../kubernetes/check';
import { apiStatusOf } from '../kubernetes/clusterErrors';
import type { NamespaceApi } from '../kubernetes/namespaceApi';
import { kinds } from '../kubernetes/objects';
import type { InferenceService } from './inferenceService';
import type { ModeName } from './options';

/** What KServe makes of an InferenceService: Knative's services, or plain Deployments. */
export type Mode = 'Knative' | 'Standard';

/** The mode that a model is served in. */
export interface Served {
  mode: Mode;
  /** How the annotation of an InferenceService says it; undefined leaves it to KServe. */
  word?: string;
}

/** How KServe is installed in a cluster. */
export interface Installation extends Served {
  /** `0.15.0`; undefined where it can not be read. */
  version?: string;
}

const NAMESPACE = 'kserve';
/** The version that gave the modes their names, and the names before. It takes an old name for a change of the mode. */
const RENAMED_MINOR = 16;
const oldWords: Record<Mode, string> = { Knative: 'Serverless', Standard: 'RawDeployment' };
const KNATIVE = 'serving.knative.dev/v1';
/** https://kserve.github.io/website/docs/admin-guide/configurations */
export const modeNote = 'serving.kserve.io/deploymentMode';

const modes: Record<ModeName, Mode> = {
  Knative: 'Knative',
  Serverless: 'Knative',
  Standard: 'Standard',
  RawDeployment: 'Standard',
};

/**
 * Reads the mode and the version before anything is written, as what is written depends on both.
 * @param existing It keeps the mode that it was made in: KServe changes none.
 * @param wanted The mode of what is new, as the target's configuration names it.
 */
export async function detect(
  api: NamespaceApi,
  existing: InferenceService | undefined,
  wanted: ModeName | undefined,
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
  const own = existing && modeWordOf(existing);
  const known = modeOf(own) ?? modeOf(wanted) ?? configured;
  const mode = known ?? ((await knows(api, KNATIVE, signal)) ? 'Knative' : 'Standard');
  const word = own ?? (version === undefined ? wanted : wordOf(mode, version));
  return { mode, ...(word !== undefined && { word }), ...(version !== undefined && { version }) };
}

/** How a model is served that no cluster was asked about: without a mode as both of them take it. */
export function servedAs(wanted: ModeName | undefined): Served {
  return { mode: modeOf(wanted) ?? 'Knative', ...(wanted !== undefined && { word: wanted }) };
}

/** Throws where a mode is asked for that the cluster has nothing for. */
export async function assertInstalled(
  api: NamespaceApi,
  wanted: ModeName | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (modeOf(wanted) !== 'Knative' || (await knows(api, KNATIVE, signal))) return;
  throw new UserError(
    'cluster-refused',
    `Knative is not installed in the cluster, which the mode ${wanted ?? ''} needs.`,
    'Ask whoever runs the cluster to install it, or set "mode" to "Standard".',
  );
}

/**
 * Whether the traffic can be divided. In the mode Standard `canaryTrafficPercent` is ignored without a word, and `spec.canary`, which
 * is there from 0.20 on, is refused for a server that is an image of its own:
 * https://github.com/kserve/kserve/blob/master/pkg/apis/serving/v1beta1/inference_service_validation.go
 */
export function dividesTraffic({ mode }: Served): boolean {
  return mode === 'Knative';
}

/** How an InferenceService says the mode that it is served in; undefined before KServe has seen it. */
export function modeWordOf({ metadata, status }: InferenceService): string | undefined {
  return metadata.annotations?.[modeNote] ?? status?.deploymentMode;
}

/** The mode that a word of any version names. */
export function modeOf(word: string | undefined): Mode | undefined {
  return word !== undefined && word in modes ? modes[word as ModeName] : undefined;
}

function wordOf(mode: Mode, version: string): string {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 0 || minor >= RENAMED_MINOR ? mode : oldWords[mode];
}

async function configuredMode(api: NamespaceApi, signal: AbortSignal): Promise<Mode | undefined> {
  const path = `/api/v1/namespaces/${NAMESPACE}/configmaps/inferenceservice-config`;
  const found = await readable<{ data?: { deploy?: string } }>(api, path, signal);
  const mode = /"defaultDeploymentMode"\s*:\s*"(\w+)"/.exec(found?.data?.deploy ?? '')?.[1];
  return modeOf(mode);
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
