import type { KubeContext } from './kubeconfig';
import type { NamespaceApi } from './namespaceApi';
import type { KubernetesConfig } from './options';

/** A target and the place where it is, for whoever does something there. */
export interface Site {
  target: string;
  context: KubeContext;
  api: NamespaceApi;
  config: KubernetesConfig;
  /** How long the release before still answers after the traffic has moved, in milliseconds. */
  drainMs: number;
}

/** `revision 3 of iris` */
export function nameOf(revision: number, model: string): string {
  return `revision ${String(revision)} of ${model}`;
}
