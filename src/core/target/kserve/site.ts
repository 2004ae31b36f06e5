import type { Subject } from '../kubernetes/addressManifests';
import type { KubeContext } from '../kubernetes/kubeconfig';
import type { NamespaceApi } from '../kubernetes/namespaceApi';
import { addressName } from '../kubernetes/names';
import { kinds } from '../kubernetes/objects';
import type { InferenceService } from './inferenceService';
import { detect, type Installation } from './installation';
import type { KServeConfig } from './options';

/** A target and the place where it is, for whoever does something there. */
export interface KServeSite {
  target: string;
  context: KubeContext;
  api: NamespaceApi;
  config: KServeConfig;
}

/** How KServe serves a model here, or will when it is new. */
export async function installationFor(
  site: KServeSite,
  of: Subject,
  signal: AbortSignal,
): Promise<Installation> {
  const name = addressName(of.model);
  const existing = await site.api.get<InferenceService>(kinds.inferenceService, name, signal);
  return detect(site.api, existing, site.config.mode, signal);
}
