import { labels } from '../../docker/labels';
import { ownedLabels } from './deploymentManifest';
import {
  PORT_NAME,
  addressName,
  addressNotes,
  labelsOf,
  podLabels,
  revisionName,
  revisionNotes,
} from './names';
import type { Autoscaler, BackendRef, HttpRoute, KubeObject, Service } from './objects';
import type { GatewayOptions, IngressOptions, KubernetesConfig, ServiceMonitorOptions } from './options';

/** A model on a target. */
export interface Subject {
  target: string;
  model: string;
}

/** How the traffic of a model's stable address is divided. */
export interface Traffic {
  /** The revision that has all of it, or what the canary leaves. */
  serving: number;
  /** A revision with a part of it. `percent` is what a Gateway is told; without one, the pods of both share it. */
  canary?: { revision: number; percent: number };
  /** Where pods share the traffic: the value of their label. */
  pool?: string;
}

/** What a switch of traffic writes down at the stable address for those who come after it. */
export interface SwitchNote {
  /** Another one for each switch. */
  id: string;
  traffic: Traffic;
  /** What the autoscaler was told. */
  autoscale?: KubernetesConfig['autoscale'];
}

/** The name that a Service is asked for on inside the cluster, and where its port is. */
export const servicePort = 80;

/** The Service at a model's stable address: its selector names who has the traffic. */
export function addressService(of: Subject, traffic: Traffic, newest: number, note?: SwitchNote): Service {
  const { serving, canary, pool } = traffic;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: addressName(of.model),
      labels: { ...ownedLabels(of), [labels.kind]: 'address' },
      annotations: {
        [labels.model]: of.model,
        [addressNotes.serving]: String(serving),
        ...(canary && { [addressNotes.canary]: String(canary.revision) }),
        [addressNotes.newest]: String(newest),
        ...(note && { [addressNotes.switch]: JSON.stringify(note) }),
      },
    },
    spec: {
      selector: pool === undefined ? podLabels(of, serving) : { ...labelsOf(of), [revisionNotes.pool]: pool },
      ports: [{ name: PORT_NAME, port: servicePort, targetPort: PORT_NAME, protocol: 'TCP' }],
    },
  };
}

/** The Service of one revision, for a Gateway that divides the traffic. */
export function revisionService(of: Subject, revision: number): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: revisionName(of.model, revision),
      labels: {
        ...ownedLabels(of, revision),
        [labels.kind]: 'revision',
        [labels.revision]: String(revision),
      },
    },
    spec: {
      selector: podLabels(of, revision),
      ports: [{ name: PORT_NAME, port: servicePort, targetPort: PORT_NAME, protocol: 'TCP' }],
    },
  };
}

/** What stands beside the Service at a stable address, for the revisions that have its traffic. */
export function addressCompanions(config: KubernetesConfig, of: Subject, traffic: Traffic): KubeObject[] {
  return [
    budgetOf(of, traffic.serving),
    ...(config.autoscale ? [autoscalerOf(config.autoscale, of, traffic.serving)] : []),
    ...(config.ingress ? [ingressOf(config.ingress, of)] : []),
    ...(config.gateway ? [routeOf(config.gateway, of, traffic)] : []),
    ...(config.serviceMonitor ? [monitorOf(config.serviceMonitor, of)] : []),
  ];
}

function companion(of: Subject, apiVersion: string, kind: string) {
  return { apiVersion, kind, metadata: { name: addressName(of.model), labels: ownedLabels(of) } };
}

/** A node that is emptied takes one server at a time. */
function budgetOf(of: Subject, serving: number): KubeObject {
  return {
    ...companion(of, 'policy/v1', 'PodDisruptionBudget'),
    ...{ spec: { maxUnavailable: 1, selector: { matchLabels: podLabels(of, serving) } } },
  };
}

/** What scales the Deployment of the revision that serves, by its load. */
export function autoscalerOf(
  { min, max, cpuPercent }: NonNullable<KubernetesConfig['autoscale']>,
  of: Subject,
  serving: number,
): Autoscaler {
  const spec = {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: revisionName(of.model, serving) },
    minReplicas: min,
    maxReplicas: max,
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: cpuPercent } },
      },
    ],
  };
  return { ...companion(of, 'autoscaling/v2', 'HorizontalPodAutoscaler'), spec };
}

function ingressOf(
  { host: pattern, class: ingressClassName, tlsSecret }: IngressOptions,
  of: Subject,
): KubeObject {
  const host = hostOf(pattern, of.model);
  const service = { name: addressName(of.model), port: { name: PORT_NAME } };
  const spec = {
    ...(ingressClassName !== undefined && { ingressClassName }),
    rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service } }] } }],
    ...(tlsSecret !== undefined && { tls: [{ hosts: [host], secretName: tlsSecret }] }),
  };
  return { ...companion(of, 'networking.k8s.io/v1', 'Ingress'), ...{ spec } };
}

function routeOf(gateway: GatewayOptions, of: Subject, { serving, canary }: Traffic): HttpRoute {
  const { name, namespace, host } = gateway;
  const backend = (revision: number, weight: number): BackendRef => ({
    name: revisionName(of.model, revision),
    port: servicePort,
    weight,
  });
  // Weights are whole numbers: a tenth of a percent is one of 1000.
  const part = Math.round((canary?.percent ?? 0) * 10);
  const backendRefs = [
    backend(serving, canary ? 1000 - part : 1),
    ...(canary ? [backend(canary.revision, part)] : []),
  ];
  return {
    ...companion(of, 'gateway.networking.k8s.io/v1', 'HTTPRoute'),
    spec: {
      parentRefs: [{ name, ...(namespace !== undefined && { namespace }) }],
      ...(host !== undefined && { hostnames: [hostOf(host, of.model)] }),
      rules: [{ backendRefs }],
    },
  };
}

function monitorOf(options: true | ServiceMonitorOptions, of: Subject): KubeObject {
  const { metadata, ...rest } = companion(of, 'monitoring.coreos.com/v1', 'ServiceMonitor');
  const labelled = options === true ? metadata.labels : { ...options.labels, ...metadata.labels };
  const spec = {
    selector: { matchLabels: { ...labelsOf(of), [labels.kind]: 'address' } },
    endpoints: [{ port: PORT_NAME, path: '/metrics' }],
  };
  return { ...rest, metadata: { ...metadata, labels: labelled }, ...{ spec } };
}

/** The host of a model, where several models share the configuration. */
export function hostOf(pattern: string, model: string): string {
  return pattern.replaceAll('{model}', addressName(model));
}

/** Where clients from outside reach the stable address of a model; undefined where only the cluster itself does. */
export function publicAddress({ ingress, gateway }: KubernetesConfig, model: string): string | undefined {
  if (ingress) return `${ingress.tlsSecret ? 'https' : 'http'}://${hostOf(ingress.host, model)}/`;
  return gateway?.host === undefined ? undefined : `http://${hostOf(gateway.host, model)}/`;
}
