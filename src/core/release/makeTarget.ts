import type { TargetConfig } from '../config/config';
import { ofContext, readCertificates } from '../docker/engineLocation';
import type { Logger } from '../logger';
import { DockerTarget, type DockerTargetOptions } from '../target/docker/dockerTarget';
import type { Target } from '../target/target';

/** What targets share, from settings and the extension itself. `host` is for targets that name none. */
export type TargetSettings = Pick<
  DockerTargetOptions,
  'host' | 'proxyImage' | 'nodeBase' | 'pythonBase' | 'dist' | 'version'
> & {
  /** The folder of `slipway.json`, where its paths begin. Default: the working folder. */
  readonly root?: string;
};

const MEMORY_MIB = 1024;

/** A target as `slipway.json` describes it, with what it leaves to the defaults. */
export function makeTarget(
  name: string,
  config: TargetConfig,
  settings: TargetSettings,
  log: Logger,
): Target {
  const { context, tls, bind = '127.0.0.1', ports = {}, memoryMiB = MEMORY_MIB, cpus, registry } = config;
  const { host = context === undefined ? settings.host : ofContext(context) } = config;
  const certificates = tls && (() => readCertificates(tls, settings.root ?? process.cwd()));
  const own = { host, bind, ports, memoryMiB, cpus, registry, certificates };
  return new DockerTarget(name, { ...settings, ...own }, log);
}
