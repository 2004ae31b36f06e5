import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { KServeTarget } from '../../../../src/core/target/kserve/kserveTarget';
import type { KServeConfig } from '../../../../src/core/target/kserve/options';
import { KubernetesTarget } from '../../../../src/core/target/kubernetes/kubernetesTarget';
import type { KubernetesConfig } from '../../../../src/core/target/kubernetes/options';
import { assertChart } from '../chart';
import { REGISTRY, extensionOptions, logger } from './support';

const model = { name: 'iris', path: '/models/iris.onnx', hash: '0123456789abcdef' };
const request = { model, note: 'uses {{ braces }}' };
const image = `${REGISTRY}/iris@sha256:${'ab'.repeat(32)}`;
const shared = {
  ...extensionOptions,
  push: () => Promise.resolve(image),
  checkPush: () => Promise.resolve(),
};

function chartOf(config: Partial<KubernetesConfig> = {}): Promise<Record<string, string>> {
  const options = { ...shared, config: { registry: REGISTRY, ...config } };
  return new KubernetesTarget('staging', options, logger).manifests(request, image, 'helm');
}

function kserveChartOf(config: Partial<KServeConfig> = {}): Promise<Record<string, string>> {
  const options = { ...shared, config: { registry: REGISTRY, ...config } };
  return new KServeTarget('staging', options, logger).manifests(request, image, 'helm');
}

function valuesIn(files: Record<string, string>): unknown {
  return parse(files['values.yaml'] ?? '');
}

const resources = { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } };
const ofImage = { repository: `${REGISTRY}/iris`, digest: `sha256:${'ab'.repeat(32)}` };

describe('a Helm chart of a deploy', () => {
  it('to Kubernetes has what people change in its values, off where slipway.json asks for none', async () => {
    const files = await chartOf();
    assertChart(files);
    assert.deepEqual(Object.keys(files).sort(), [
      'Chart.yaml',
      'templates/deployment.yaml',
      'templates/horizontalpodautoscaler.yaml',
      'templates/ingress.yaml',
      'templates/poddisruptionbudget.yaml',
      'templates/service.yaml',
      'values.yaml',
    ]);
    assert.deepEqual(valuesIn(files), {
      image: ofImage,
      resources,
      replicas: 2,
      autoscaling: { enabled: false, min: 2, max: 4, cpuPercent: 80 },
      ingress: { enabled: false, host: 'models.example.com', className: '', tlsSecret: '' },
    });
  });

  it('has as values what slipway.json says', async () => {
    const files = await chartOf({
      replicas: 3,
      autoscale: { min: 3, max: 9, cpuPercent: 60 },
      ingress: { host: 'iris.example.com', class: 'nginx', tlsSecret: 'tls' },
      serviceMonitor: true,
      resources: { limits: { memory: '2Gi' } },
    });
    assertChart(files);
    assert.deepEqual(valuesIn(files), {
      image: ofImage,
      resources: { ...resources, limits: { memory: '2Gi' } },
      replicas: 3,
      autoscaling: { enabled: true, min: 3, max: 9, cpuPercent: 60 },
      ingress: {
        enabled: true,
        host: 'iris.example.com',
        className: 'nginx',
        tlsSecret: 'tls',
      },
    });
    assert.ok(files['templates/servicemonitor.yaml']);
  });

  it('names no image, no number of servers and no namespace in its templates', async () => {
    const files = await chartOf({
      namespace: 'models',
      gateway: { name: 'public', host: 'iris.example.com' },
    });
    assertChart(files);
    assert.ok(files['templates/revision-service.yaml'] && files['templates/httproute.yaml']);
    const deployment = files['templates/deployment.yaml'] ?? '';
    const lines = deployment.split('\n').map((line) => line.trim());
    const reference = "'{{ .Values.image.repository }}@{{ .Values.image.digest }}'";
    assert.ok(lines.includes(`image: ${reference}`) && lines.includes(`dev.slipway.image: ${reference}`));
    assert.ok(lines.includes('resources: {{ toJson .Values.resources }}'));
    assert.match(
      deployment,
      /{{- if not \.Values\.autoscaling\.enabled }}\n {2}replicas: {{ \.Values\.replicas }}\n{{- end }}/,
    );
    assert.ok(
      lines.includes(`dev.slipway.note: uses {{ "{{" }} braces }}`),
      'words of people are no expressions',
    );
    for (const text of Object.values(files)) assert.doesNotMatch(text, /namespace: models/);
  });

  it('to KServe has the fewest and the most servers, in the mode of slipway.json', async () => {
    const files = await kserveChartOf({ mode: 'RawDeployment', minReplicas: 1, maxReplicas: 5 });
    assertChart(files);
    assert.deepEqual(valuesIn(files), { image: ofImage, resources, autoscaling: { min: 1, max: 5 } });
    const service = files['templates/inferenceservice.yaml'] ?? '';
    assert.match(service, /serving\.kserve\.io\/deploymentMode: RawDeployment/);
    assert.ok(!service.includes('abab'), 'also what is kept for a roll-back names the image by the values');
    const plain = await kserveChartOf();
    assertChart(plain);
    assert.deepEqual(valuesIn(plain), { image: ofImage, resources, autoscaling: { min: 1, max: null } });
  });
});
