import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { KubernetesClient } from '../../../../src/core/target/kubernetes/client';

describe("the client of Kubernetes' API", () => {
  it('is bundled apart, with all that is used of it', () => {
    const load = createRequire(resolve('dist/extension.js'));
    const { KubeConfig, PortForward, dumpYaml } = load('@kubernetes/client-node') as KubernetesClient;
    const config = new KubeConfig();
    config.loadFromString('{"clusters":[],"users":[],"contexts":[],"current-context":""}');
    assert.equal(typeof new PortForward(config).portForward, 'function');
    assert.equal(dumpYaml({ a: [1] }), 'a:\n  - 1\n');
    assert.match(load.resolve('@kubernetes/client-node'), /[\\/]dist[\\/]node_modules[\\/]/);
  });

  it('is no part of what VS Code reads at the start', () => {
    const extension = readFileSync(resolve('dist/extension.js'), 'utf8');
    assert.match(extension, /require\("@kubernetes\/client-node"\)/);
    assert.doesNotMatch(extension, /KUBERNETES_SERVICE_HOST/);
  });
});
