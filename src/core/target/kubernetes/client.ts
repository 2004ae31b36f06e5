import type * as kubernetes from '@kubernetes/client-node';

/** What Slipway uses of the official client. */
export type KubernetesClient = Pick<typeof kubernetes, 'KubeConfig' | 'PortForward' | 'dumpYaml'>;

/** The official client. It is large: only who uses a cluster waits until it is read and compiled. */
export function loadClient(): KubernetesClient {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import is loaded at the start
  return require('@kubernetes/client-node') as KubernetesClient;
}
