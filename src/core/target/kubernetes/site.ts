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

/** Whether the routes of a Gateway divide the traffic, and not numbers of pods. */
export function hasRoutes({ config }: Pick<Site, 'config'>): boolean {
  return config.gateway !== undefined;
}

/** `revision 3 of iris` */
export function nameOf(revision: number, model: string): string {
  return `revision ${String(revision)} of ${model}`;
}
