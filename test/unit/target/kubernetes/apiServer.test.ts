import assert from 'node:assert/strict';
import { AppsV1Api, KubeConfig } from '@kubernetes/client-node';
import { deploymentOf } from '../../../../src/core/target/kubernetes/deploymentManifest';
import { schemaCauses } from '../../../host/kubernetes/schemas';
import { KubernetesApi } from '../../../host/kubernetesApi';
import { imageOf, subjectOf, type Subject } from './support';

describe('the API server of these tests', () => {
  let api: KubernetesApi;
  let iris: Subject;
  before(async () => {
    iris = await subjectOf('iris');
    api = await KubernetesApi.start();
  });
  after(() => api.stop());

  function deployment(revision: number) {
    const origin = { author: 'ada@home', created: new Date() };
    const made = { target: 'staging', request: iris, image: imageOf(iris.model), revision, origin };
    return deploymentOf({ registry: 'registry.test', replicas: 1 }, made);
  }

  async function send(method: string, path: string, body?: object, contentType = 'application/json') {
    const answer = await fetch(api.url + path, {
      method,
      headers: { authorization: 'Bearer test-token', 'content-type': contentType },
      ...(body && { body: JSON.stringify(body) }),
    });
    return {
      status: answer.status,
      body: (await answer.json()) as { message?: string; metadata?: { labels?: object } },
    };
  }

  const path = '/apis/apps/v1/namespaces/models/deployments';
  const applied = 'application/apply-patch+yaml';

  it('answers the official client', async () => {
    api.store.create(api.kind('Deployment'), 'models', deployment(9) as never, { manager: 'test' });
    const config = new KubeConfig();
    config.loadFromFile(api.kubeconfig);
    const { items } = await config.makeApiClient(AppsV1Api).listNamespacedDeployment({ namespace: 'models' });
    assert.deepEqual(
      items.map(({ metadata }) => metadata?.name),
      ['iris-r9'],
    );
  });

  it('refuses fields that Kubernetes does not have, wrong types and missing ones', async () => {
    const wrong = deployment(1) as unknown as { spec: Record<string, unknown> };
    wrong.spec['replikas'] = 2;
    assert.deepEqual((await send('POST', path, wrong)).status, 422);
    const typed = deployment(1);
    typed.spec.replicas = '2' as never;
    assert.match(
      (await send('POST', path, typed)).body.message ?? '',
      /\.spec\.replicas: .* must be of type integer/,
    );
    const lacking = deployment(1) as unknown as { spec: { selector?: object } };
    delete lacking.spec.selector;
    assert.match((await send('POST', path, lacking)).body.message ?? '', /selector: Required value/);
    const labelled = deployment(1);
    labelled.metadata.labels = { a: 'not a label value!' };
    assert.equal((await send('POST', path, labelled)).status, 422);
  });

  it('refuses of custom resources what their own schemas do not have', () => {
    const causes = (apiVersion: string, kind: string, spec: object) =>
      schemaCauses({ apiVersion, kind, metadata: { name: 'iris' }, spec } as never).join();
    const route = (weight: number, more = {}) => ({
      ...{ parentRefs: [{ name: 'edge' }], hostnames: ['iris.example.com'], ...more },
      rules: [{ backendRefs: [{ name: 'iris', port: 80, weight }] }],
    });
    const gateway = 'gateway.networking.k8s.io/v1';
    assert.equal(causes(gateway, 'HTTPRoute', route(50)), '');
    assert.match(causes(gateway, 'HTTPRoute', route(-1)), /backendRefs\[0\]\.weight: .* at least 0/);
    assert.match(causes(gateway, 'HTTPRoute', route(1, { hosts: [] })), /unknown field "\.spec\.hosts"/);
    assert.match(causes(gateway, 'HTTPRoute', route(1, { hostnames: ['a b'] })), /should match/);
    const monitor = (interval: string) => ({ selector: {}, endpoints: [{ port: 'http', interval }] });
    const prometheus = 'monitoring.coreos.com/v1';
    assert.equal(causes(prometheus, 'ServiceMonitor', monitor('15s')), '');
    assert.match(causes(prometheus, 'ServiceMonitor', monitor('15')), /interval: .* should match/);
    assert.match(causes(prometheus, 'ServiceMonitor', { selector: {} }), /endpoints: Required value/);
    const service = (predictor: object) => ({ predictor: { containers: [{ name: 'model' }], ...predictor } });
    const kserve = 'serving.kserve.io/v1beta1';
    assert.equal(causes(kserve, 'InferenceService', service({ canaryTrafficPercent: 10 })), '');
    assert.match(
      causes(kserve, 'InferenceService', service({ canaryTrafficPercent: '10' })),
      /must be of type integer/,
    );
    assert.match(causes(kserve, 'InferenceService', service({ canaryPercent: 10 })), /unknown field/);
    assert.match(
      causes(kserve, 'InferenceService', service({ containers: [{ image: 'a' }] })),
      /name: Required value/,
    );
  });

  it('knows who owns a field: another manager conflicts, and force takes over', async () => {
    const query = (manager: string, more = '') => `${path}/iris-r2?fieldManager=${manager}${more}`;
    assert.equal((await send('PATCH', query('one'), deployment(2), applied)).status, 201);
    const other = deployment(2);
    other.spec.replicas = 4;
    const refused = await send('PATCH', query('two'), other, applied);
    assert.equal(refused.status, 409);
    assert.match(refused.body.message ?? '', /conflict with "one": \.spec\.replicas/);
    assert.equal((await send('PATCH', query('two', '&force=true&dryRun=All'), other, applied)).status, 200);
    assert.equal(api.store.get(api.kind('Deployment'), 'models', 'iris-r2').metadata.generation, 1);
    assert.equal((await send('PATCH', query('two', '&force=true'), other, applied)).status, 200);
  });

  it('takes away what its owner applies no longer, and nothing of others', async () => {
    const target = `${path}/iris-r3?fieldManager=slipway`;
    const first = deployment(3);
    first.metadata.labels = { ...first.metadata.labels, own: 'yes' };
    await send('PATCH', target, first, applied);
    await send(
      'PATCH',
      `${path}/iris-r3`,
      { metadata: { labels: { other: 'yes' } } },
      'application/merge-patch+json',
    );
    const { body } = await send('PATCH', target, deployment(3), applied);
    assert.deepEqual(body.metadata?.labels, { ...deployment(3).metadata.labels, other: 'yes' });
  });

  it('refuses what is there already, what was changed since, what does not exist and what may not change', async () => {
    await send('POST', path, deployment(4));
    assert.equal((await send('POST', path, deployment(4))).status, 409);
    const old = { metadata: { resourceVersion: '1', labels: { a: 'b' } } };
    assert.equal((await send('PATCH', `${path}/iris-r4`, old, 'application/merge-patch+json')).status, 409);
    assert.equal((await send('GET', `${path}/iris-r5`)).status, 404);
    assert.equal((await send('POST', path.replace('models', 'nowhere'), deployment(4))).status, 404);
    const selecting = deployment(4) as unknown as {
      spec: { selector: { matchLabels: Record<string, string> } };
    };
    selecting.spec.selector.matchLabels['dev.slipway.revision'] = '5';
    const changed = await send(
      'PATCH',
      `${path}/iris-r4?fieldManager=slipway&force=true`,
      selecting,
      applied,
    );
    assert.equal(changed.status, 422);
    assert.match(changed.body.message ?? '', /field is immutable/);
  });
});
