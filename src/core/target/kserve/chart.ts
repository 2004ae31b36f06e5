import { chartHead, commonValues, imageText, resourcesValue } from '../kubernetes/chart';
import { chartFiles, optional, raw } from '../kubernetes/helmChart';
import type { Container } from '../kubernetes/objects';
import type { ReleaseRequest } from '../target';
import { keptRevision } from './candidate';
import { addressInferenceService } from './inferenceService';
import { servedAs } from './installation';
import type { KServeConfig } from './options';

/** What a deploy would leave, as a Helm chart. KServe scales by itself, and gives the model its address. */
export function kserveChartOf(
  target: string,
  config: KServeConfig,
  request: ReleaseRequest,
  image: string,
): Record<string, string> {
  const of = { target, model: request.model.name };
  const kept = keptRevision(config, request, imageText, 1);
  const plan = { division: { serving: kept }, history: [kept], newest: 1 };
  const service = addressInferenceService(config, of, plan, servedAs(config.mode));
  const { predictor } = service.spec;
  const containers = (predictor['containers'] as Container[]).map((each) => ({
    ...each,
    resources: raw(resourcesValue),
  }));
  const { minReplicas = 1, maxReplicas } = config;
  const filled = {
    ...predictor,
    minReplicas: raw('{{ .Values.autoscaling.min }}'),
    maxReplicas: optional('.Values.autoscaling.max', '{{ .Values.autoscaling.max }}'),
    containers,
  };
  return chartFiles({
    ...chartHead(request),
    values: {
      ...commonValues(config, image),
      autoscaling: { min: minReplicas, max: maxReplicas ?? null },
    },
    templates: [{ object: { ...service, ...{ spec: { predictor: filled } } } }],
  });
}
