import type { ServedModel } from '../../endpoint/endpoint';
import type { Platform } from '../../image/baseImage';
import type { Built } from '../../image/buildImages';
import type { TaskContext } from '../../task';
import type { ReleaseRequest } from '../target';

/** Resources of a server, in Kubernetes' quantities: `500m`, `1Gi`. */
export interface Resources {
  requests?: { cpu?: string; memory?: string };
  limits?: { cpu?: string; memory?: string };
}

/** How many servers of the serving release run is decided by their load. */
export interface Autoscale {
  min: number;
  max: number;
  /** Percent of the requested processor time that a server shall use. */
  cpuPercent: number;
}

/** How clients from outside come to the stable address, by an ingress controller. */
export interface IngressOptions {
  /** `{model}` in it stands for the name of the model. */
  host: string;
  /** Name of the ingress class; default: the cluster's. */
  class?: string;
  /** Secret with the certificate of `host`; default: none, so that it answers without TLS. */
  tlsSecret?: string;
}

/** How clients from outside come to the stable address, by a Gateway of the Gateway API, which also divides the traffic. */
export interface GatewayOptions {
  name: string;
  /** Namespace of the Gateway; default: that of the target. */
  namespace?: string;
  /** `{model}` in it stands for the name of the model. Default: any that the Gateway takes. */
  host?: string;
}

/** How Prometheus' operator finds a model. */
export interface ServiceMonitorOptions {
  /** Labels that a Prometheus selects ServiceMonitors by. */
  labels: Record<string, string>;
}

/** A cluster, and how to come to it. */
export interface ClusterOptions {
  /** Of the kubeconfig; default: its current one. */
  context?: string;
  /** File; default `KUBECONFIG`, or `~/.kube/config`. */
  kubeconfig?: string;
  /** Default: that of the context, or `default`. */
  namespace?: string;
}

/** Where images are pushed to and pulled from, and as whom the cluster pulls them. */
export interface PullOptions {
  /** `registry.example.com/team`. */
  registry: string;
  /** Secret of the namespace that the cluster pulls images with. */
  imagePullSecret?: string;
  serviceAccount?: string;
  nodeSelector?: Record<string, string>;
  resources?: Resources;
}

/** A Kubernetes target as `slipway.json` describes it. */
export interface KubernetesConfig extends ClusterOptions, PullOptions {
  /** Servers of a release. Default 2. */
  replicas?: number;
  autoscale?: Autoscale;
  ingress?: IngressOptions;
  gateway?: GatewayOptions;
  /** The parts of the traffic that a new release gets before all of it. */
  canary?: { steps: number[] };
  /** Whether Prometheus' operator is told by a ServiceMonitor; default: by annotations of the pods. */
  serviceMonitor?: boolean | ServiceMonitorOptions;
}

/** Brings the images with an engine's ids to a registry. Resolves to its place there: `registry/name@sha256:…`. */
export type Push = (request: ReleaseRequest, built: Built, task: TaskContext) => Promise<string>;

/** What targets of a cluster need of the extension. */
export interface ClusterTargetOptions {
  /** Whether the workspace is trusted: only then the commands that a kubeconfig names may run. */
  trusted: () => boolean;
  push: Push;
  /** Throws unless there is room to build images of this model, and they may be pushed. */
  checkPush: (model: ServedModel, signal: AbortSignal) => Promise<void>;
  /** The machines that images are made for; default: those of the base image that the engine has. */
  platforms?: Platform[];
  /** The machines that the engine makes images for, unless told: `linux/amd64`; undefined where that is not known. */
  enginePlatform?: (signal: AbortSignal) => Promise<string | undefined>;
  /** Address of the Docker engine that builds images; empty for `DOCKER_HOST` or the usual socket. */
  host: string;
  /** Image that runtime images are built on. */
  nodeBase: string;
  /** Image that images for models of Python are built on. */
  pythonBase: string;
  /** The folder with the server's bundle. */
  dist: string;
  /** Slipway's version. */
  version: string;
}

export interface KubernetesTargetOptions extends ClusterTargetOptions {
  config: KubernetesConfig;
  /** How long the release before still answers after the traffic has moved, in seconds. Default 10. */
  drainSeconds?: number;
}
