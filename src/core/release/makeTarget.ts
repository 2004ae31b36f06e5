import type Docker from 'dockerode';
import type { TargetConfig } from '../config/config';
import { platformsOf } from '../config/platformSchema';
import { checkEngine } from '../docker/checkEngine';
import { connect, engineAddress } from '../docker/connect';
import { inWords } from '../docker/dockerErrors';
import { ofContext, readCertificates } from '../docker/engineLocation';
import { enginePlatform } from '../image/baseImage';
import { checkDisk } from '../image/checkDisk';
import { checkRegistry, publish } from '../image/registry/publish';
import type { Logger } from '../logger';
import { DockerTarget, type DockerTargetOptions } from '../target/docker/dockerTarget';
import { KServeTarget } from '../target/kserve/kserveTarget';
import { placeOf } from '../target/kubernetes/kubeconfig';
import { KubernetesTarget } from '../target/kubernetes/kubernetesTarget';
import type { ClusterTargetOptions } from '../target/kubernetes/options';
import type { Target } from '../target/target';

/** What targets share, from settings and the extension itself. `host` is for targets that name none. */
export type TargetSettings = Pick<
  DockerTargetOptions,
  'host' | 'proxyImage' | 'nodeBase' | 'pythonBase' | 'dist' | 'version'
> & {
  /** The folder of `slipway.json`, where its paths begin. Default: the working folder. */
  readonly root?: string;
  /** Whether the workspace is trusted. Default: it is not. */
  readonly trusted?: boolean;
};

type DockerConfig = Extract<TargetConfig, { kind: 'docker' }>;
type ClusterConfig = Exclude<TargetConfig, DockerConfig>;

const MEMORY_MIB = 1024;

/** A target as `slipway.json` describes it, with what it leaves to the defaults. */
export function makeTarget(
  name: string,
  config: TargetConfig,
  settings: TargetSettings,
  log: Logger,
): Target {
  switch (config.kind) {
    case 'docker':
      return new DockerTarget(name, { ...settings, ...dockerOptions(config, settings) }, log);
    case 'kubernetes':
      return new KubernetesTarget(name, clusterOptions(settings, config), log);
    case 'kserve':
      return new KServeTarget(name, clusterOptions(settings, config), log);
  }
}

function dockerOptions(config: DockerConfig, settings: TargetSettings) {
  const { context, tls, bind = '127.0.0.1', ports = {}, memoryMiB = MEMORY_MIB } = config;
  const { cpus, gpus, restart, registry } = config;
  const platforms = platformsOf(config);
  const { host = context === undefined ? settings.host : ofContext(context) } = config;
  const certificates = tls && (() => readCertificates(tls, settings.root ?? process.cwd()));
  return { host, bind, ports, memoryMiB, cpus, gpus, restart, registry, platforms, certificates };
}

/** Images for clusters are built on the engine of the settings, and what goes wrong with it is told in its words, not in those of the cluster. */
function clusterOptions<C extends ClusterConfig>(
  settings: TargetSettings,
  config: C,
): ClusterTargetOptions & { config: C } {
  const { registry, kubeconfig } = config;
  const { host, nodeBase, pythonBase, dist, version, root = process.cwd() } = settings;
  return {
    ...{ host, nodeBase, pythonBase, dist, version, platforms: platformsOf(config) },
    config: { ...config, ...(kubeconfig !== undefined && { kubeconfig: placeOf(kubeconfig, root) }) },
    push: (request, built, task) =>
      byEngine(host, `push the image of ${request.model.name}`, task.signal, (docker) =>
        publish(docker, registry, request, built, task),
      ),
    checkPush: (model, signal) =>
      byAnsweringEngine(host, `look at the registry of ${model.name}`, signal, async (docker) => {
        await checkDisk(docker, host, model, signal);
        await checkRegistry(docker, registry, model.name, signal);
      }),
    enginePlatform: (signal) =>
      byAnsweringEngine(host, 'look at its machine', signal, (docker) =>
        enginePlatform(docker, nodeBase, signal),
      ),
    // A workspace may become trusted while its targets are shown already.
    trusted: () => settings.trusted ?? false,
  };
}

/** Without it, what an engine says would be told as the cluster's words. */
function byEngine<T>(
  host: string,
  doing: string,
  signal: AbortSignal,
  work: (docker: Docker) => Promise<T>,
): Promise<T> {
  return inWords(doing, signal, () => work(connect(host)), engineAddress(host));
}

/** The same with an engine that is known to answer: one that is silent is told sooner than by all that is asked of it. */
function byAnsweringEngine<T>(
  host: string,
  doing: string,
  signal: AbortSignal,
  work: (docker: Docker) => Promise<T>,
): Promise<T> {
  return byEngine(host, doing, signal, async (docker) => {
    await checkEngine(docker, engineAddress(host), signal);
    return work(docker);
  });
}
