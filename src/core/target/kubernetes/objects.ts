/** The parts of Kubernetes' objects that Slipway writes and reads. */

export interface Metadata {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  resourceVersion?: string;
  uid?: string;
  generation?: number;
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
}

export interface Container {
  name: string;
  image: string;
  args?: string[];
  [field: string]: unknown;
}

export interface PodTemplate {
  metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  spec: { containers: Container[]; [field: string]: unknown };
}

export interface Deployment extends KubeObject {
  spec: { replicas?: number; template: PodTemplate; [field: string]: unknown };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    readyReplicas?: number;
    conditions?: Condition[];
  };
}

export interface Service extends KubeObject {
  spec: { selector?: Record<string, string>; [field: string]: unknown };
}

export interface BackendRef {
  name: string;
  port?: number;
  weight?: number;
}

export interface HttpRoute extends KubeObject {
  spec: {
    parentRefs?: { name: string; namespace?: string }[];
    hostnames?: string[];
    rules?: { backendRefs?: BackendRef[] }[];
    [field: string]: unknown;
  };
  status?: { parents?: { parentRef: { name: string }; conditions?: Condition[] }[] };
}

export interface Ingress extends KubeObject {
  spec: { ingressClassName?: string; rules?: { host?: string }[] };
}

export interface Autoscaler extends KubeObject {
  spec: {
    scaleTargetRef: { apiVersion: string; kind: string; name: string };
    minReplicas?: number;
    maxReplicas: number;
    metrics: object[];
  };
}

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  /** The generation of the object that it is about. */
  observedGeneration?: number;
}

export interface ContainerStatus {
  name: string;
  ready: boolean;
  restartCount: number;
  state?: ContainerState;
  lastState?: ContainerState;
}

export interface ContainerState {
  waiting?: { reason?: string; message?: string };
  running?: { startedAt?: string };
  terminated?: { reason?: string; message?: string; exitCode: number };
}

export interface Pod extends KubeObject {
  spec?: { nodeName?: string; containers?: { name: string }[] };
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    conditions?: Condition[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}

/** A kind of objects, as its path in the API needs it. */
export interface Kind {
  apiVersion: string;
  kind: string;
  plural: string;
}

const kind = (apiVersion: string, name: string, plural: string): Kind => ({ apiVersion, kind: name, plural });

export const kinds = {
  deployment: kind('apps/v1', 'Deployment', 'deployments'),
  service: kind('v1', 'Service', 'services'),
  pod: kind('v1', 'Pod', 'pods'),
  configMap: kind('v1', 'ConfigMap', 'configmaps'),
  budget: kind('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  autoscaler: kind('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
  ingress: kind('networking.k8s.io/v1', 'Ingress', 'ingresses'),
  httpRoute: kind('gateway.networking.k8s.io/v1', 'HTTPRoute', 'httproutes'),
  serviceMonitor: kind('monitoring.coreos.com/v1', 'ServiceMonitor', 'servicemonitors'),
  serviceAccount: kind('v1', 'ServiceAccount', 'serviceaccounts'),
  secret: kind('v1', 'Secret', 'secrets'),
  gateway: kind('gateway.networking.k8s.io/v1', 'Gateway', 'gateways'),
  inferenceService: kind('serving.kserve.io/v1beta1', 'InferenceService', 'inferenceservices'),
} as const;

/** The kind of an object that Slipway writes. */
export function kindOf({ apiVersion, kind: name }: KubeObject): Kind {
  const found = Object.values<Kind>(kinds).find(
    (each) => each.kind === name && each.apiVersion === apiVersion,
  );
  if (!found) throw new Error(`${name} of ${apiVersion} is no kind that Slipway writes.`);
  return found;
}
