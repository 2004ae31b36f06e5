import assert from 'node:assert/strict';
import type { Built } from '../../../../src/core/image/buildImages';
import type { InferenceService } from '../../../../src/core/target/kserve/inferenceService';
import { KServeTarget } from '../../../../src/core/target/kserve/kserveTarget';
import type { KServeConfig } from '../../../../src/core/target/kserve/options';
import type { Release, ReleaseRequest, Target } from '../../../../src/core/target/target';
import type { KServeSetup } from '../../../host/kubernetes/kserve';
import type { KubernetesApi } from '../../../host/kubernetesApi';
import { REGISTRY, extensionOptions, imageOf, logger, taskOf } from '../kubernetes/support';

export const knative: KServeSetup = { mode: 'Knative', version: '0.15.0' };
export const standard: KServeSetup = { mode: 'Standard', version: '0.15.0' };

/** A target whose images come into the cluster's registry without a Docker engine. */
class WithoutEngine extends KServeTarget {
  images: Map<string, string> | undefined;

  override build({ model }: ReleaseRequest): Promise<Built> {
    const image = imageOf(model);
    this.images?.set(image, model.path);
    return Promise.resolve([image]);
  }
}

export function kserveTargetOf(
  api: KubernetesApi,
  config: Partial<KServeConfig> = {},
  name = 'staging',
): Target {
  return kserveTargetAt(api.kubeconfig, api.images, config, name);
}

/** The same, for who has not the cluster at hand. */
export function kserveTargetAt(
  kubeconfig: string,
  images: Map<string, string>,
  config: Partial<KServeConfig> = {},
  name = 'staging',
): Target {
  const target = new WithoutEngine(
    name,
    {
      ...extensionOptions,
      push: (_request, [image]) => Promise.resolve(image),
      checkPush: () => Promise.resolve(),
      config: { registry: REGISTRY, kubeconfig, ...config },
    },
    logger,
  );
  target.images = images;
  return target;
}

export function inferenceService(api: KubernetesApi, name = 'iris'): InferenceService {
  return api.store.get(api.kind('InferenceService'), 'models', name) as InferenceService;
}

/** The InferenceService of the model `iris`, as far as Slipway decides it. */
export function addressOf(api: KubernetesApi) {
  const { metadata, spec } = inferenceService(api);
  const { annotations = {} } = metadata;
  const { predictor } = spec;
  const history = JSON.parse(annotations['dev.slipway.history'] ?? '[]') as { revision: number }[];
  return {
    serving: annotations['dev.slipway.serving'],
    canary: annotations['dev.slipway.canary'],
    history: history.map(({ revision }) => revision),
    predictor: predictor.labels?.['dev.slipway.revision'],
    percent: predictor.canaryTrafficPercent,
  };
}

/** `InferenceService iris` and those of candidates. */
export function servicesOf(api: KubernetesApi): string[] {
  return api.names().filter((name) => name.startsWith('InferenceService'));
}

export async function releaseOn(target: Target, revision: number): Promise<Release> {
  const found = (await target.list(taskOf().signal)).find((release) => release.revision === revision);
  return found ?? assert.fail(`there is no revision ${revision}`);
}

/** What {@link addressOf} says where one revision serves, and those before it are kept. */
export function serving(revision: number, ...before: number[]): object {
  const [one, none] = [String(revision), undefined];
  return { serving: one, canary: none, history: [revision, ...before], predictor: one, percent: none };
}

/** Names of the pods of a revision, also of those that end. */
export function podsOf(api: KubernetesApi, revision: number): string[] {
  return api.store
    .list(api.kind('Pod'))
    .filter(({ metadata }) => metadata.labels?.['dev.slipway.revision'] === String(revision))
    .map(({ metadata }) => metadata.name);
}
