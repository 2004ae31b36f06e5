import { hostname, userInfo } from 'node:os';
import type { ReleaseRequest } from '../target';
import { addressCompanions, addressService, hostOf, revisionService } from './addressManifests';
import { DEFAULT_REPLICAS, deploymentOf, resourcesOf } from './deploymentManifest';
import { chartFiles, optional, raw, text, type Template } from './helmChart';
import { addressName } from './names';
import type { Deployment, KubeObject } from './objects';
import type { KubernetesConfig, PullOptions } from './options';

/** In Git the history tells revisions apart: there it is always the same one that changes. */
const REVISION = 1;
/** Where somebody turns on what slipway.json does not ask for. */
const defaults = { autoscale: { min: 2, max: 4, cpuPercent: 80 }, host: 'models.example.com' };

/** What of an image a chart's values say. */
export const imageText = `${text('.Values.image.repository')}@${text('.Values.image.digest')}`;
export const resourcesValue = '{{ toJson .Values.resources }}';

/** The values that all charts have. */
export function commonValues(config: PullOptions, image: string): object {
  const [repository, digest] = image.split('@');
  return { image: { repository, digest }, resources: resourcesOf(config) };
}

/** Name and words of a chart. */
export function chartHead({ model, note }: ReleaseRequest) {
  return {
    name: addressName(model.name),
    description: `The model ${model.name}${note ? `: ${note}` : ''}`,
    appVersion: model.hash.slice(0, 12),
  };
}

/** What a deploy and its promotion would apply, as a Helm chart. The namespace is the one that it is installed in. */
export function chartOf(
  target: string,
  config: KubernetesConfig,
  request: ReleaseRequest,
  image: string,
): Record<string, string> {
  const of = { target, model: request.model.name };
  const origin = { author: `${userInfo().username}@${hostname()}`, created: new Date() };
  const traffic = { serving: REVISION };
  const { replicas = DEFAULT_REPLICAS, autoscale, ingress, gateway } = config;
  const deployment = deploymentOf(config, { target, request, image: imageText, revision: REVISION, origin });
  const shown = {
    ...config,
    autoscale: autoscale ?? defaults.autoscale,
    // Only one of both leads to it.
    ...(!gateway && { ingress: { ...ingress, host: text('.Values.ingress.host') } }),
  };
  const companions = addressCompanions(shown, of, traffic).map(templateOf);
  return chartFiles({
    ...chartHead(request),
    values: {
      ...commonValues(config, image),
      replicas,
      autoscaling: { enabled: autoscale !== undefined, ...(autoscale ?? defaults.autoscale) },
      ...(!gateway && {
        ingress: {
          enabled: ingress !== undefined,
          host: hostOf(ingress?.host ?? defaults.host, of.model),
          className: ingress?.class ?? '',
          tlsSecret: ingress?.tlsSecret ?? '',
        },
      }),
    },
    templates: [
      { object: withValues(deployment) },
      { object: addressService(of, traffic, REVISION) },
      ...(gateway ? [{ object: revisionService(of, REVISION) }] : []),
      ...companions,
    ],
  });
}

/** How many pods there are is the autoscaler's to say, where there is one. */
function withValues(deployment: Deployment): Deployment {
  const { template } = deployment.spec;
  const containers = template.spec.containers.map((each) => ({ ...each, resources: raw(resourcesValue) }));
  return {
    ...deployment,
    spec: {
      ...deployment.spec,
      replicas: optional('not .Values.autoscaling.enabled', '{{ .Values.replicas }}'),
      template: { ...template, spec: { ...template.spec, containers } },
    },
  };
}

function templateOf(object: KubeObject): Template {
  const { spec } = object as KubeObject & { spec: Record<string, unknown> };
  switch (object.kind) {
    case 'HorizontalPodAutoscaler': {
      const target = { type: 'Utilization', averageUtilization: raw('{{ .Values.autoscaling.cpuPercent }}') };
      const scaled = {
        ...spec,
        minReplicas: raw('{{ .Values.autoscaling.min }}'),
        maxReplicas: raw('{{ .Values.autoscaling.max }}'),
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }],
      };
      return { object: withSpec(object, scaled), when: '.Values.autoscaling.enabled' };
    }
    case 'Ingress': {
      const { rules } = spec as { rules: { host: string; http: { paths: object[] } }[] };
      const paths = rules[0]?.http.paths ?? [];
      const tls =
        '[{ hosts: [{{ .Values.ingress.host | quote }}], secretName: {{ .Values.ingress.tlsSecret | quote }} }]';
      const reached = {
        ingressClassName: optional('.Values.ingress.className', '{{ .Values.ingress.className | quote }}'),
        rules: [{ host: text('.Values.ingress.host'), http: { paths } }],
        tls: optional('.Values.ingress.tlsSecret', tls),
      };
      return { object: withSpec(object, reached), when: '.Values.ingress.enabled' };
    }
    default:
      return { object };
  }
}

function withSpec(object: KubeObject, spec: object): KubeObject {
  return { ...object, ...{ spec } };
}
