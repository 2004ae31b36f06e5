import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubernetesTarget } from '../../../../src/core/target/kubernetes/kubernetesTarget';
import type { KubernetesConfig } from '../../../../src/core/target/kubernetes/options';
import type { ReleaseRequest } from '../../../../src/core/target/target';
import { selfSigned } from '../../../host/certificates';
import { KubernetesApi } from '../../../host/kubernetesApi';
import { skip } from '../../../host/skip';
import { REGISTRY, extensionOptions, logger, subjectOf, targetOf, taskOf } from './support';

interface Kubeconfig {
  users: { name: string; user: object }[];
  clusters: { name: string; cluster: object }[];
  [field: string]: unknown;
}

const checkPush = () => Promise.resolve();

describe('checking a Kubernetes cluster', () => {
  let api: KubernetesApi;
  let folder: string;
  let kubeconfig: Kubeconfig;
  beforeEach(async () => {
    api = await KubernetesApi.start();
    folder = await mkdtemp(join(tmpdir(), 'slipway-check-'));
    kubeconfig = api.kubeconfigFor('test-token') as Kubeconfig;
  });
  afterEach(async () => {
    await api.stop();
    await rm(folder, { recursive: true });
  });

  async function check(
    config: Partial<KubernetesConfig> = {},
    trusted = true,
    more: object = {},
    request?: ReleaseRequest,
  ) {
    const file = join(folder, 'config');
    await writeFile(file, JSON.stringify(kubeconfig));
    const push = () => Promise.reject(new Error('nothing is pushed here'));
    const all = { registry: REGISTRY, kubeconfig: file, ...config };
    const options = { ...extensionOptions, push, checkPush, config: all, trusted: () => trusted, ...more };
    const target = new KubernetesTarget('staging', options, logger);
    try {
      return await target.check(request, taskOf());
    } finally {
      target.dispose();
    }
  }

  function user(fields: object): void {
    kubeconfig.users = [{ name: 'ada', user: fields }];
  }

  it('says as whom', async () => {
    assert.deepEqual(await check(), { identity: 'ada', warnings: [] });
    assert.ok(api.asked.every((asked) => /^(GET|POST .*self)/.test(asked)));
  });

  it('lists all that is not allowed', async () => {
    const denied = (verb: string, resource: string) => verb === 'patch' || resource === 'pods/portforward';
    api.users.set('test-token', { name: 'eve', denied });
    await assert.rejects(check({ autoscale: { min: 1, max: 2, cpuPercent: 80 } }), {
      code: 'cluster-denied',
      message:
        'In the namespace models it is not allowed to: patch deployments.apps, patch deployments/scale.apps, patch services, patch poddisruptionbudgets.policy, get pods/portforward, create pods/portforward, patch horizontalpodautoscalers.autoscaling.',
    });
  });

  it('says what of an answer is forbidden', async () => {
    const target = targetOf(api);
    api.users.set('test-token', {
      name: 'eve',
      denied: (verb, resource) => verb === 'list' && resource === 'pods',
    });
    await assert.rejects(target.list(taskOf().signal), {
      code: 'cluster-denied',
      message:
        'Slipway could not list the releases on staging: eve may not list pods in the namespace models.',
    });
    target.dispose();
  });

  it('says that a namespace does not exist', async () => {
    await assert.rejects(check({ namespace: 'nowhere' }), {
      code: 'cluster-refused',
      message: 'The cluster has no namespace nowhere.',
    });
  });

  it('says what is not installed', async () => {
    const words = /The Gateway API is not installed/;
    await assert.rejects(check({ gateway: { name: 'public' } }), { code: 'cluster-refused', message: words });
    await assert.rejects(check({ serviceMonitor: true }), {
      message: /Prometheus' operator is not installed/,
    });
    const { warnings } = await check({ autoscale: { min: 1, max: 2, cpuPercent: 80 } });
    assert.match(warnings.join(), /no metrics server/);
  });

  it('says that credentials are wrong or expired', async () => {
    user({ token: 'old' });
    await assert.rejects(check(), {
      code: 'cluster-denied',
      message: /credentials are wrong, or have expired/,
    });
  });

  it('says that a cluster can not be reached', async () => {
    kubeconfig.clusters = [
      { name: 'test', cluster: { server: 'http://127.0.0.1:9', 'insecure-skip-tls-verify': true } },
    ];
    await assert.rejects(check(), {
      code: 'cluster-unreachable',
      message: /the cluster at http:\/\/127\.0\.0\.1:9 can not be reached \(ECONNREFUSED\)/,
    });
  });

  it('says that there is no kubeconfig, and no such context', async () => {
    await assert.rejects(check({ kubeconfig: join(folder, 'none') }), {
      code: 'config-invalid',
      message: /There is no kubeconfig at .*none\./,
    });
    await assert.rejects(check({ context: 'prod' }), { message: /has no context "prod"/, next: /: test\.$/ });
  });

  it('logs in with a command of the kubeconfig in a trusted workspace only', async () => {
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'test-token' },
    };
    const script = join(folder, 'login.cjs');
    await writeFile(script, `console.log(${JSON.stringify(JSON.stringify(credential))})`);
    user({ exec: { apiVersion: credential.apiVersion, command: process.execPath, args: [script] } });
    assert.equal((await check()).identity, 'ada');
    await assert.rejects(check({}, false), {
      code: 'untrusted',
      message: /runs the command ".*node" to log in/,
    });
  });

  it('names a command to log in with that is not installed, or fails', async () => {
    user({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'gke-no-such-plugin' } });
    await assert.rejects(check(), {
      code: 'cluster-denied',
      message: /logs in with the command "gke-no-such-plugin", which is not installed here/,
    });
    const args = ['-e', 'console.error("session expired"); process.exit(1)'];
    user({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args } });
    await assert.rejects(check(), { message: /way to log in failed: session expired/ });
  });

  it('says which of the objects that slipway.json names do not exist', async () => {
    await api.stop();
    api = await KubernetesApi.start({ addOns: ['gateway'], namespaces: ['models', 'infra'] });
    kubeconfig = api.kubeconfigFor('test-token') as Kubeconfig;
    const named: [Partial<KubernetesConfig>, string, string, string, string][] = [
      [{ serviceAccount: 'runner' }, 'ServiceAccount', 'runner', 'models', 'serviceAccount'],
      [{ imagePullSecret: 'pull' }, 'Secret', 'pull', 'models', 'imagePullSecret'],
      [{ gateway: { name: 'public', namespace: 'infra' } }, 'Gateway', 'public', 'infra', 'gateway'],
    ];
    for (const [config, kind, name, namespace, field] of named) {
      await assert.rejects(check(config), {
        code: 'cluster-refused',
        message: `There is no ${kind} ${name} in the namespace ${namespace}, which "${field}" of staging names.`,
      });
      const { group, version } = api.kind(kind);
      const apiVersion = group === '' ? version : `${group}/${version}`;
      const denied = (_: string, resource: string) => resource === api.kind(kind).plural;
      api.users.set('test-token', { name: 'eve', denied });
      await check(config);
      api.users.set('test-token', { name: 'ada' });
      api.store.create(
        api.kind(kind),
        namespace,
        { apiVersion, kind, metadata: { name } },
        { manager: 'test' },
      );
      await check(config);
    }
  });

  it('says where a quota has no room for the servers of one more release', async () => {
    type Amounts = Record<string, string>;
    const quota = (name: string, hard: Amounts, used: Amounts, spec: Record<string, string[]> = {}) =>
      api.store.create(
        api.kind('ResourceQuota'),
        'models',
        { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name }, spec, status: { hard, used } },
        { manager: 'test' },
      );
    const warnings = async (config: Partial<KubernetesConfig> = {}) =>
      (await check(config, true, {}, await subjectOf('iris'))).warnings;
    quota('roomy', { pods: '10', 'requests.memory': '1.5Gi' }, { pods: '8', 'requests.memory': '1Gi' });
    quota('best-effort', { pods: '1' }, { pods: '1' }, { scopes: ['BestEffort'] });
    assert.deepEqual(await warnings(), []);
    assert.deepEqual(await warnings({ replicas: 3 }), [
      'The quota roomy of models has 8 of 10 pods in use: there is no room for 3 more servers with 1 each.',
      'The quota roomy of models has 1Gi of 1.5Gi requests.memory in use: there is no room for 3 more servers with 256Mi each.',
    ]);
    api.users.set('test-token', { name: 'eve', denied: (_, resource) => resource === 'resourcequotas' });
    assert.deepEqual(await warnings({ replicas: 3 }), []);
  });

  describe('whose nodes are of several kinds', () => {
    const platforms = (...names: string[]) => ({ platforms: names });
    const nodes = (...names: string[]) => Promise.all([api.stop(), KubernetesApi.start({ nodes: names })]);
    async function checkOn(names: string[], images: object, config: Partial<KubernetesConfig> = {}) {
      [, api] = await nodes(...names);
      kubeconfig = api.kubeconfigFor('test-token') as Kubeconfig;
      return (await check(config, true, images, await subjectOf('iris'))).warnings;
    }

    it('says that an image is for none of them, before it is made', async () => {
      const refusal = {
        code: 'cluster-refused',
        message:
          'No node of the cluster is for linux/amd64, which images for staging are made for: they are linux/arm64.',
        next: /"platform": "linux\/arm64"/,
      };
      await assert.rejects(checkOn(['linux/arm64', 'linux/arm64'], platforms('linux/amd64')), refusal);
      const engine = { enginePlatform: () => Promise.resolve('linux/amd64') };
      await assert.rejects(checkOn(['linux/arm64'], engine), refusal);
    });

    it('warns of those that an image is not for, unless it does not come to them', async () => {
      const both = ['linux/amd64', 'linux/arm64'];
      assert.deepEqual(await checkOn(both, platforms('linux/amd64')), [
        'Some nodes are linux/arm64, and images for staging are made for linux/amd64: name both in "platforms", or the nodes in "nodeSelector".',
      ]);
      assert.deepEqual(await checkOn(both, platforms(...both)), []);
      const nodeSelector = { 'kubernetes.io/arch': 'amd64' };
      assert.deepEqual(await checkOn(both, platforms('linux/amd64'), { nodeSelector }), []);
      await assert.rejects(checkOn(both, platforms('linux/arm64'), { nodeSelector }), {
        message: /^No node of the cluster with the labels of "nodeSelector" is for linux\/arm64/,
      });
    });

    it('says nothing where nodes may not be looked at, or there is none yet', async () => {
      assert.deepEqual(await checkOn([], platforms('linux/amd64')), []);
      [, api] = await nodes('linux/arm64');
      kubeconfig = api.kubeconfigFor('test-token') as Kubeconfig;
      const denied = (_: string, resource: string) => resource === 'nodes';
      api.users.set('test-token', { name: 'ada', denied });
      assert.deepEqual((await check({}, true, platforms('linux/amd64'))).warnings, []);
    });
  });

  it('refuses a Service that is not ours, and a model of another target', async () => {
    const iris = await subjectOf('iris');
    const target = targetOf(api);
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'iris' },
      spec: { ports: [{ port: 80 }] },
    };
    api.store.create(api.kind('Service'), 'models', service, { manager: 'kubectl' });
    await assert.rejects(target.check(iris, taskOf()), {
      message: /a Service iris .* that Slipway did not make/,
    });
    target.dispose();
  });

  describe('over TLS', () => {
    let server: Server | undefined;
    afterEach(() => server?.close());

    before(function () {
      try {
        execFileSync('openssl', ['version'], { stdio: 'ignore' });
      } catch {
        skip(this, 'there is no openssl');
      }
    });

    async function listen(tls: { cert: string; key: string }): Promise<string> {
      server = createServer(tls, (_request, response) => response.end('{"minor":"31"}'));
      await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done));
      return `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    }

    it('says that a certificate is not trusted', async () => {
      kubeconfig.clusters = [
        { name: 'test', cluster: { server: await listen(await selfSigned(folder, 30)) } },
      ];
      await assert.rejects(check(), { code: 'cluster-unreachable', message: /is not trusted/ });
    });

    it('says until when a client certificate holds, and warns of its end', async () => {
      const tls = await selfSigned(folder, 3);
      const data = (text: string) => Buffer.from(text).toString('base64');
      const cluster = { server: await listen(tls), 'certificate-authority-data': data(tls.cert) };
      kubeconfig.clusters = [{ name: 'test', cluster }];
      user({ 'client-certificate-data': data(tls.cert), 'client-key-data': data(tls.key) });
      // Whatever it asks is answered alike, so that nothing seems to be allowed.
      await assert.rejects(check(), { message: /it is not allowed to/ });
      kubeconfig.clusters = [
        { name: 'test', cluster: { server: api.url, 'insecure-skip-tls-verify': true } },
      ];
      user({
        token: 'test-token',
        'client-certificate-data': data(tls.cert),
        'client-key-data': data(tls.key),
      });
      const { expires, warnings } = await check();
      const days = ((expires?.getTime() ?? 0) - Date.now()) / 86_400_000;
      assert.ok(days > 2 && days < 4, String(days));
      assert.match(warnings.join(), /The client certificate expires on/);
    });
  });
});
