import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubernetesConfig } from '../../../../src/core/target/kubernetes/options';
import { LOAD_SECONDS } from '../../../../src/core/target/untilReady';
import { addressName } from '../../../../src/core/target/kubernetes/names';
import { KubernetesApi } from '../../../host/kubernetesApi';
import { run } from '../../../host/command';
import { skip } from '../../../host/skip';
import { imageOf, startCandidate, stateOf, subjectOf, targetOf, taskOf, type Subject } from './support';

/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment -- specs are read as JSON */

/** All that can be said about a target. */
const everything: Partial<KubernetesConfig> = {
  replicas: 3,
  autoscale: { min: 2, max: 6, cpuPercent: 70 },
  ingress: { host: 'iris.example.com', class: 'nginx', tlsSecret: 'iris-tls' },
  serviceMonitor: true,
  imagePullSecret: 'pull',
  serviceAccount: 'models',
  nodeSelector: { 'kubernetes.io/arch': 'amd64' },
  resources: { requests: { cpu: '500m' }, limits: { cpu: '2', memory: '2Gi' } },
};

function hasKubectl(): Promise<boolean> {
  return run('kubectl', ['version', '--client']).then(
    () => true,
    () => false,
  );
}

describe('the objects of a release in Kubernetes', () => {
  let api: KubernetesApi;
  let iris: Subject;
  before(async () => (iris = await subjectOf('iris')));
  beforeEach(async () => (api = await KubernetesApi.start({ addOns: ['prometheus', 'gateway'] })));
  afterEach(() => api.stop());

  it('hold to the pod security profile "restricted"', async () => {
    const target = targetOf(api);
    await startCandidate(target, iris);
    target.dispose();
    const { template } = api.store.get(api.kind('Deployment'), 'models', 'iris-r1').spec;
    const [container] = template.spec.containers;
    assert.deepEqual(template.spec.securityContext, {
      runAsNonRoot: true,
      runAsUser: 65534,
      runAsGroup: 65534,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    assert.deepEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    assert.equal(template.spec.automountServiceAccountToken, false);
    const { failureThreshold, periodSeconds } = container.startupProbe;
    assert.equal(failureThreshold * periodSeconds, LOAD_SECONDS, 'as long as a deploy waits for it');
    assert.deepEqual(container.volumeMounts, [{ name: 'tmp', mountPath: '/tmp' }]);
    assert.equal(template.metadata.annotations['prometheus.io/scrape'], 'true');
  });

  it('take all that a target can say, as Kubernetes has it', async () => {
    const target = targetOf(api, everything);
    const release = await target.promote(await startCandidate(target, iris), taskOf());
    target.dispose();
    const { template } = api.store.get(api.kind('Deployment'), 'models', 'iris-r1').spec;
    assert.deepEqual(template.spec.imagePullSecrets, [{ name: 'pull' }]);
    assert.deepEqual(template.spec.containers[0].resources, {
      requests: { cpu: '500m', memory: '256Mi' },
      limits: { cpu: '2', memory: '2Gi' },
    });
    assert.equal(template.metadata.annotations['prometheus.io/scrape'], undefined);
    assert.equal(release.replicas?.wanted, 3);
    const { spec: scaler } = api.store.get(api.kind('HorizontalPodAutoscaler'), 'models', 'iris');
    assert.deepEqual([scaler.scaleTargetRef.name, scaler.minReplicas, scaler.maxReplicas], ['iris-r1', 2, 6]);
    const { spec: ingress } = api.store.get(api.kind('Ingress'), 'models', 'iris');
    assert.deepEqual(ingress.tls, [{ hosts: ['iris.example.com'], secretName: 'iris-tls' }]);
    assert.ok(api.names().includes('ServiceMonitor iris'));
    assert.deepEqual(api.store.managersOf(api.kind('Ingress'), 'models', 'iris'), ['slipway']);
  });

  it('carry the labels that a Prometheus looks for', async () => {
    const serviceMonitor = { labels: { release: 'prometheus', 'dev.slipway.target': 'not ours to lose' } };
    const target = targetOf(api, { serviceMonitor });
    await target.promote(await startCandidate(target, iris), taskOf());
    const { labels } = api.store.get(api.kind('ServiceMonitor'), 'models', 'iris').metadata;
    assert.deepEqual([labels?.['release'], labels?.['dev.slipway.target']], ['prometheus', 'staging']);
    assert.match(target.settings ?? '', /"serviceMonitor":true/);
    target.dispose();
    const annotations = targetOf(api);
    assert.doesNotMatch(annotations.settings ?? '', /serviceMonitor/);
    annotations.dispose();
  });

  it('have names that Kubernetes takes, for any name of a model', () => {
    for (const name of ['iris', '2024-model', 'a'.repeat(80), 'Fraud_Model', 'x-', '---']) {
      assert.match(addressName(name), /^[a-z]([a-z0-9-]{0,48}[a-z0-9])?$/, name);
    }
    const names = ['fraud-model', 'Fraud_Model', 'a'.repeat(80), 'a'.repeat(81)].map(addressName);
    assert.equal(new Set(names).size, 4);
  });

  it('are written as files that kubectl applies, and are then found as a release', async function () {
    if (!(await hasKubectl())) skip(this, 'there is no kubectl');
    const folder = await mkdtemp(join(tmpdir(), 'slipway-manifests-'));
    const kubectl = (...args: string[]) => api.kubectl(folder, ...args);
    const target = targetOf(api, { namespace: 'models', replicas: 1, autoscale: everything.autoscale });
    try {
      const image = imageOf(iris.model);
      api.images.set(image, iris.model.path);
      const files = (await target.manifests?.(iris, image, 'kustomize')) ?? {};
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
      assert.deepEqual(Object.keys(files).sort(), [
        'deployment.yaml',
        'horizontalpodautoscaler.yaml',
        'kustomization.yaml',
        'poddisruptionbudget.yaml',
        'service.yaml',
      ]);
      const apply = ['apply', '--server-side', '--validate=false', '-k', '.'];
      assert.match(
        await kubectl(...apply, '--dry-run=server'),
        /deployment\.apps\/iris-r1 serverside-applied \(server dry run\)/,
      );
      assert.deepEqual(api.names(), []);
      await kubectl(...apply);
      assert.match(
        await kubectl('get', 'deploy,svc', '-o', 'name'),
        /deployment\.apps\/iris-r1\nservice\/iris/,
      );
      const [release] = await target.list(taskOf().signal);
      assert.deepEqual([release?.state, release?.revision, release?.digest], ['serving', 1, image]);
      await kubectl('delete', '--wait=false', '-k', '.');
      assert.deepEqual(api.names(), []);
    } finally {
      target.dispose();
      await rm(folder, { recursive: true });
    }
  });

  it('are planned by a dry run: what is new, what changes, and nothing is done', async () => {
    const target = targetOf(api, { gateway: { name: 'public', host: 'iris.example.com' } });
    const first = (await target.plan(iris, taskOf())).map(({ action, what }) => `${action} ${what}`);
    assert.deepEqual(first, [
      'create Deployment iris-r1',
      'create Service iris-r1',
      'create Service iris',
      'create PodDisruptionBudget iris',
      'create HTTPRoute iris',
      'create address http://iris.example.com/',
    ]);
    assert.deepEqual(api.names(), []);
    await target.promote(await startCandidate(target, iris), taskOf());
    const before = api.names();
    const planned = await target.plan({ ...iris, note: 'second' }, taskOf());
    assert.deepEqual(api.names(), before);
    assert.deepEqual(
      planned.map(({ action, what }) => `${action} ${what}`),
      [
        'create Deployment iris-r2',
        'create Service iris-r2',
        'change Service iris',
        'change PodDisruptionBudget iris',
        'change HTTPRoute iris',
        'change Deployment iris-r1 is stopped and kept',
      ],
    );
    const diffOf = (what: string) => planned.find((change) => change.what === what)?.diff?.split('\n') ?? [];
    assert.deepEqual(
      diffOf('Service iris').filter((line) => !line.startsWith(' ')),
      [
        "-     dev.slipway.serving: '1'",
        "-     dev.slipway.newest: '1'",
        "+     dev.slipway.serving: '2'",
        "+     dev.slipway.newest: '2'",
        "-     dev.slipway.revision: '1'",
        "+     dev.slipway.revision: '2'",
      ],
    );
    assert.ok(diffOf('Deployment iris-r2').includes('+     dev.slipway.note: second'));
    assert.equal(await stateOf(target), '1 serving ready');
    target.dispose();
  });
});
