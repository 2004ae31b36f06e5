import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import type { TargetConfig } from '../../../src/core/config/config';
import { makeTarget } from '../../../src/core/release/makeTarget';
import type { Target } from '../../../src/core/target/target';
import { KubernetesApi } from '../../host/kubernetesApi';
import { REGISTRY, extensionOptions, logger, subjectOf, taskOf } from '../target/kubernetes/support';
import { standard } from '../target/kserve/support';

const kinds = ['kubernetes', 'kserve'] as const;

describe('a target in a cluster, as slipway.json describes it,', () => {
  let api: KubernetesApi;
  let target: Target | undefined;
  before(async () => (api = await KubernetesApi.start({ kserve: standard })));
  afterEach(() => target?.dispose());
  after(() => api.stop());

  function make(kind: (typeof kinds)[number], kubeconfig: string, root?: string): Target {
    const config: TargetConfig = { kind, registry: REGISTRY, kubeconfig };
    const settings = { ...extensionOptions, host: 'unix:///nowhere/docker.sock', proxyImage: '', root };
    return (target = makeTarget('staging', config, { ...settings, trusted: true }, logger));
  }

  for (const kind of kinds) {
    it(`says of an engine that is off that it is the engine, not the cluster: ${kind}`, async () => {
      const iris = await subjectOf('iris');
      const made = make(kind, api.kubeconfig);
      const words = {
        code: 'engine-unreachable',
        message: /: no Docker engine answers at unix:\/\/\/nowhere/,
      };
      await assert.rejects(made.check(iris, taskOf()), words);
      await assert.rejects(Promise.resolve(made.push?.(iris, ['sha256:1'], taskOf())), words);
    });

    it(`finds a kubeconfig from the folder of slipway.json: ${kind}`, async () => {
      assert.deepEqual(await make(kind, './config', dirname(api.kubeconfig)).list(taskOf().signal), []);
    });
  }
});
