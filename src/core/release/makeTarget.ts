import type { TargetConfig } from '../config/config';
import type { Logger } from '../logger';
import { DockerTarget, type DockerTargetOptions } from '../target/docker/dockerTarget';
import type { Target } from '../target/target';

/** What targets share, from settings and the extension itself. `host` is for targets that name none. */
export type TargetSettings = Pick<
  DockerTargetOptions,
  'host' | 'proxyImage' | 'nodeBase' | 'pythonBase' | 'dist' | 'version'
>;

const MEMORY_MIB = 1024;

/** A target as `slipway.json` describes it, with what it leaves to the defaults. */
export function makeTarget(
  name: string,
  config: TargetConfig,
  settings: TargetSettings,
  log: Logger,
): Target {
  const {
    host = settings.host,
    bind = '127.0.0.1',
    ports = {},
    memoryMiB = MEMORY_MIB,
    cpus,
    registry,
  } = config;
  return new DockerTarget(name, { ...settings, host, bind, ports, memoryMiB, cpus, registry }, log);
}
