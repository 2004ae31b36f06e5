import assert from 'node:assert/strict';
import { makeTarget } from '../../../src/core/release/makeTarget';
import { KubernetesApi } from '../../host/kubernetesApi';
import { REGISTRY, extensionOptions, logger, subjectOf, taskOf } from '../target/kubernetes/support';

describe('a target in a cluster, as slipway.json describes it', () => {
  it('says that no engine answers, and not that the cluster is away', async () => {
    const api = await KubernetesApi.start();
    const settings = { ...extensionOptions, host: 'tcp://127.0.0.1:9', proxyImage: '', trusted: true };
    const config = { kind: 'kubernetes' as const, registry: REGISTRY, kubeconfig: api.kubeconfig };
    const target = makeTarget('staging', config, settings, logger);
    const iris = await subjectOf('iris');
    try {
      const unreachable = {
        code: 'engine-unreachable',
        message: /no Docker engine answers at tcp:\/\/127\.0\.0\.1:9/,
      };
      await assert.rejects(target.check(iris, taskOf()), unreachable);
      await assert.rejects(Promise.resolve(target.push?.(iris, ['sha256:ab'], taskOf())), unreachable);
    } finally {
      target.dispose();
      await api.stop();
    }
  });
});
