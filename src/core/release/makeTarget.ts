import type { TargetConfig } from '../config/config';
import { UserError } from '../errors';
import type { Logger } from '../logger';
import { DockerTarget, type DockerTargetOptions } from '../target/docker/dockerTarget';
import { KServeTarget } from '../target/kserve/kserveTarget';
import { KubernetesTarget } from '../target/kubernetes/kubernetesTarget';
import type { ClusterTargetOptions, Push } from '../target/kubernetes/options';
import type { Target } from '../target/target';

/** What targets share, from settings and the extension itself. `host` is for targets that name none. */
export type TargetSettings = Pick<
  DockerTargetOptions,
  'host' | 'proxyImage' | 'nodeBase' | 'pythonBase' | 'dist' | 'version'
> & {
  /** Whether the workspace is trusted. Default: it is not. */
  readonly trusted?: boolean;
  /** How images come to the registry of a target; without it, targets in clusters take no new releases. */
  push?: (registry: string) => Push;
};

const MEMORY_MIB = 1024;

/** A target as `slipway.json` describes it, with what it leaves to the defaults. */
export function makeTarget(
  name: string,
  config: TargetConfig,
  settings: TargetSettings,
  log: Logger,
): Target {
  switch (config.kind) {
    case 'docker': {
      const { host = settings.host, bind = '127.0.0.1', ports = {}, memoryMiB = MEMORY_MIB, cpus } = config;
      return new DockerTarget(name, { ...settings, host, bind, ports, memoryMiB, cpus }, log);
    }
    case 'kubernetes':
      return new KubernetesTarget(name, { ...clusterOptions(settings, config.registry), config }, log);
    case 'kserve':
      return new KServeTarget(name, { ...clusterOptions(settings, config.registry), config }, log);
  }
}

function clusterOptions(settings: TargetSettings, registry: string): ClusterTargetOptions {
  const { host, nodeBase, pythonBase, dist, version } = settings;
  const push = settings.push?.(registry) ?? (() => Promise.reject(noPush(registry)));
  // A workspace may become trusted while its targets are shown already.
  return { ...{ host, nodeBase, pythonBase, dist, version, push }, trusted: () => settings.trusted ?? false };
}

function noPush(registry: string): UserError {
  return new UserError(
    'cluster-refused',
    `No way to push images to ${registry} is set up.`,
    'Deploy to a target of the kind "docker", or export the manifests.',
  );
}
