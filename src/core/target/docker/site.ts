import type Docker from 'dockerode';
import type { Publishing } from './ports';

/** Where a target's releases run, with what the steps of a deploy need to know about it. */
export interface Site {
  docker: Docker;
  /** Name of the target. */
  target: string;
  publishing: Publishing;
  /** Image of the proxy that holds the stable addresses. */
  proxyImage: string;
  /** Stable ports by model name; a model without one gets a free port. */
  ports: Record<string, number>;
  /** What of the configuration shapes a release, as JSON. */
  settings: string;
  /** Limits of a release; undefined for none. */
  memoryMiB?: number;
  cpus?: number;
  gpus?: number | 'all';
  /** Whether the engine starts a release that serves again when it ends. */
  restart: 'no' | 'unless-stopped' | 'always';
}
