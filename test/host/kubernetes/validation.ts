import { invalid } from './apiFailure';
import { same } from './fields';
import { schemaCauses } from './schemas';
import type { StoredObject } from './store';

/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return -- what is in a spec depends on the kind */

const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const labelName = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const dns1123 = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const dns1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const maxAnnotations = 256 * 1024;

/** Fills in what the API server fills in. */
export function setDefaults(object: StoredObject): void {
  const spec = object.spec ?? {};
  switch (object.kind) {
    case 'Deployment':
      spec.replicas ??= 1;
      spec.progressDeadlineSeconds ??= 600;
      break;
    case 'Service':
      spec.type ??= 'ClusterIP';
      spec.clusterIP ??= '10.96.0.10';
      for (const port of spec.ports ?? []) port.protocol ??= 'TCP';
      break;
    case 'HorizontalPodAutoscaler':
      spec.minReplicas ??= 1;
      break;
  }
  if (!['Namespace', 'ConfigMap', 'Event'].includes(object.kind)) object.spec = spec;
}

/** Throws 422 with all that is wrong, as the API server does. */
export function validate(object: StoredObject, before: StoredObject | undefined): void {
  const { name } = object.metadata;
  const wrong = [
    ...schemaCauses(object),
    ...metadataCauses(object),
    ...(causes[object.kind]?.(object, before) ?? []),
  ];
  if (wrong.length > 0) throw invalid(object.kind, name, wrong);
}

function metadataCauses({ kind, metadata }: StoredObject): string[] {
  const { name, labels = {}, annotations = {} } = metadata;
  const service = kind === 'Service';
  const wrong: string[] = [];
  if (service ? !dns1035.test(name) || name.length > 63 : !dns1123.test(name) || name.length > 253) {
    wrong.push(
      `metadata.name: Invalid value: "${name}": a ${service ? 'DNS-1035 label' : 'lowercase RFC 1123 subdomain'} must consist of lower case alphanumeric characters`,
    );
  }
  wrong.push(...labelCauses('metadata.labels', labels));
  for (const [key, value] of Object.entries(annotations)) {
    if (!labelName.test(key)) wrong.push(`metadata.annotations: Invalid value: "${key}"`);
    if (typeof value !== 'string')
      wrong.push(`metadata.annotations: Invalid value: ${JSON.stringify(value)}`);
  }
  if (JSON.stringify(annotations).length > maxAnnotations) {
    wrong.push('metadata.annotations: Too long: may not be more than 262144 bytes');
  }
  return wrong;
}

function labelCauses(path: string, labels: Record<string, string>): string[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const fine =
      labelName.test(key) && typeof value === 'string' && value.length <= 63 && labelValue.test(value);
    return fine
      ? []
      : [
          `${path}: Invalid value: "${value}": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.'`,
        ];
  });
}

const causes: Record<string, (object: StoredObject, before: StoredObject | undefined) => string[]> = {
  Deployment: ({ spec }, before) => [
    ...required(spec, 'spec', ['selector', 'template']),
    ...templateCauses(spec.template, spec.selector?.matchLabels),
    ...(before && !same(before.spec.selector, spec.selector)
      ? [`spec.selector: Invalid value: ${JSON.stringify(spec.selector)}: field is immutable`]
      : []),
  ],
  Service: ({ spec }) => [
    ...(spec.ports?.length > 0 ? [] : ['spec.ports: Required value']),
    ...labelCauses('spec.selector', spec.selector ?? {}),
    ...(spec.ports ?? []).flatMap((port: { port?: number }, index: number) =>
      typeof port.port === 'number' && port.port > 0 && port.port < 65536
        ? []
        : [
            `spec.ports[${String(index)}].port: Invalid value: ${String(port.port)}: must be between 1 and 65535`,
          ],
    ),
  ],
  HorizontalPodAutoscaler: ({ spec }) => [
    ...required(spec, 'spec', ['scaleTargetRef', 'maxReplicas']),
    ...(spec.maxReplicas < spec.minReplicas
      ? [
          `spec.maxReplicas: Invalid value: ${String(spec.maxReplicas)}: must be greater than or equal to minReplicas`,
        ]
      : []),
  ],
  PodDisruptionBudget: ({ spec }) =>
    spec.minAvailable !== undefined && spec.maxUnavailable !== undefined
      ? ['spec: Invalid value: minAvailable and maxUnavailable cannot be both set']
      : [],
  Ingress: ({ spec }) =>
    spec.rules?.length > 0 || spec.defaultBackend
      ? []
      : ['spec: Invalid value: either `defaultBackend` or `rules` must be specified'],
  // As kserve/pkg/apis/serving/v1beta1/inference_service_validation.go has it, for predictors that are containers.
  InferenceService: ({ spec, metadata }, before) => {
    const [mode, was] = [
      metadata.annotations?.['serving.kserve.io/deploymentMode'],
      before?.status?.deploymentMode,
    ];
    return [
      ...required(spec, 'spec', ['predictor']),
      ...(spec.canary ? ['canary requires a stable predictor with a model'] : []),
      ...(mode !== undefined && was !== undefined && mode !== was
        ? [`update rejected: deploymentMode cannot be changed from '${was}' to '${mode}'`]
        : []),
    ];
  },
};

// eslint-disable-next-line @typescript-eslint/no-explicit-any
function required(object: any, path: string, names: string[]): string[] {
  return names
    .filter((name) => object?.[name] === undefined)
    .map((name) => `${path}.${name}: Required value`);
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
function templateCauses(template: any, matchLabels: Record<string, string> = {}): string[] {
  const labels = (template?.metadata?.labels ?? {}) as Record<string, string>;
  const containers = (template?.spec?.containers ?? []) as { name?: string; image?: string }[];
  const selects = Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
  return [
    ...labelCauses('spec.template.metadata.labels', labels),
    ...(selects
      ? []
      : ['spec.template.metadata.labels: Invalid value: `selector` does not match template `labels`']),
    ...(containers.length > 0 ? [] : ['spec.template.spec.containers: Required value']),
    ...containers.flatMap((container, index) =>
      required(container, `spec.template.spec.containers[${String(index)}]`, ['name', 'image']),
    ),
  ];
}
