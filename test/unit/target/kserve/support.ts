import assert from 'node:assert/strict';
import type { Built } from '../../../../src/core/image/buildImages';
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

export function kserveTargetOf(api: KubernetesApi, config: Partial<KServeConfig> = {}): Target {
  const target = new WithoutEngine(
    'staging',
    {
      ...extensionOptions,
      push: (_request, [image]) => Promise.resolve(image),
      checkPush: () => Promise.resolve(),
      config: { registry: REGISTRY, kubeconfig: api.kubeconfig, ...config },
    },
    logger,
  );
  target.images = api.images;
  return target;
}

/** `InferenceService iris` and those of candidates. */
export function servicesOf(api: KubernetesApi): string[] {
  return api.names().filter((name) => name.startsWith('InferenceService'));
}

export async function releaseOn(target: Target, revision: number): Promise<Release> {
  const found = (await target.list(taskOf().signal)).find((release) => release.revision === revision);
  return found ?? assert.fail(`there is no revision ${revision}`);
}
