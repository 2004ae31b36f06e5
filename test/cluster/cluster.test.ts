import assert from 'node:assert/strict';
import { CoreV1Api, CustomObjectsApi, KubeConfig } from '@kubernetes/client-node';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Deployment } from '../../src/core/release/deploy';
import { KServeTarget } from '../../src/core/target/kserve/kserveTarget';
import type { KubernetesConfig } from '../../src/core/target/kubernetes/options';
import type { Target } from '../../src/core/target/target';
import { run } from '../host/command';
import { addOns } from '../host/kubernetes/kinds';
import { Relay } from '../host/relay';
import { temporaryFolder } from '../host/workspace';
import { describeConformance } from '../targets/conformance';
import {
  deploymentOfIris,
  eventually,
  extensionOptions,
  imageOf,
  logger,
  predict,
  REGISTRY,
  serve,
  startCandidate,
  stateOf,
  subjectOf,
  targetAt,
  taskOf,
} from '../unit/target/kubernetes/support';
import { binaries, type Binaries } from './binaries';
import { installKinds } from './customKinds';
import { ControlPlane } from './controlPlane';
import { ModelsNamespace, namespace } from './namespace';
import { ClusterNode } from './node';

let programs: Binaries;
let plane: ControlPlane;
let models: ModelsNamespace;
let node: ClusterNode;
let kubeconfig = '';
let admin: KubeConfig;
let adminConfig = '';

/** As the administrator: Helm keeps its own notes as Secrets, which the page's role says nothing of. */
function flags(): string[] {
  return [`--kubeconfig=${adminConfig}`, `--namespace=${namespace}`];
}

/** Writes what was exported, and hands it to the program that it is for. */
async function applyFiles(files: Record<string, string>, format: 'kustomize' | 'helm'): Promise<void> {
  const cwd = await temporaryFolder('exported');
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(cwd, name)), { recursive: true });
    await writeFile(join(cwd, name), text);
  }
  await (format === 'helm'
    ? run(programs.helm, ['install', 'iris', '.', ...flags()], { cwd })
    : run(programs.kubectl, ['apply', '--server-side', '-k', '.', ...flags()], { cwd }));
}

/** A target as somebody reaches it who may do what docs/targets/kubernetes.md says, and no more. */
function targetOf(config: Partial<KubernetesConfig> = {}): Target {
  return targetAt(kubeconfig, node.images, config);
}

before(async function () {
  this.timeout(0);
  programs = await binaries();
  plane = await ControlPlane.start(programs);
  kubeconfig = await plane.kubeconfig('ada');
  adminConfig = await plane.kubeconfig('admin');
  admin = new KubeConfig();
  admin.loadFromFile(adminConfig);
  models = new ModelsNamespace(admin);
  await Promise.all([
    models.make('ada'),
    installKinds(admin, [addOns.gateway, addOns.gateways, addOns.prometheus, addOns.kserve]),
  ]);
  node = await ClusterNode.start(plane);
});

after(async () => {
  await node?.stop();
  await plane?.stop();
});

describe('a real API server', () => {
  afterEach(cleanUp);

  it('takes all that a release may have beside it, and removes it', async () => {
    const target = targetOf({
      autoscale: { min: 1, max: 3, cpuPercent: 80 },
      ingress: { host: '{model}.example.test', class: 'nginx', tlsSecret: 'certificate' },
    });
    const release = await serve(target, await subjectOf('iris'));
    assert.deepEqual(await leftovers(), [
      'Deployment iris-r1',
      'HorizontalPodAutoscaler iris',
      'Ingress iris',
      'PodDisruptionBudget iris',
      'Service iris',
    ]);
    assert.deepEqual(await target.remove(release, taskOf()), []);
    assert.deepEqual(await leftovers(), []);
    target.dispose();
  });

  it('takes a route of the Gateway API and a monitor of Prometheus’ operator', async () => {
    const target = targetOf({
      gateway: { name: 'public', namespace: 'infra', host: '{model}.example.test' },
      serviceMonitor: { labels: { release: 'prometheus' } },
      canary: { steps: [30] },
    });
    const iris = await subjectOf('iris');
    await serve(target, iris);
    const canary = await startCandidate(target, iris);
    await target.setTraffic?.(canary, 30, taskOf());
    assert.deepEqual(await weights(), [
      ['iris-r1', 700],
      ['iris-r2', 300],
    ]);
    for (const release of await target.list(taskOf().signal)) {
      assert.deepEqual(await target.remove(release, taskOf()), []);
    }
    assert.deepEqual(await leftovers(), []);
    target.dispose();
  });

  for (const format of ['kustomize', 'helm'] as const) {
    it(`takes what is exported for ${format}, and the target finds it as a release`, async () => {
      const target = targetOf({
        autoscale: { min: 1, max: 3, cpuPercent: 80 },
        gateway: { name: 'public', namespace: 'infra', host: '{model}.example.test' },
        serviceMonitor: { labels: { release: 'prometheus' } },
      });
      const iris = await subjectOf('iris');
      const image = imageOf(iris.model);
      node.images.set(image, iris.model.path);
      await applyFiles((await target.manifests?.(iris, image, format)) ?? {}, format);
      await eventually(async () => (await stateOf(target)) === '1 serving ready');
      const [release] = await target.list(taskOf().signal);
      assert.equal(release?.digest, image);
      assert.equal(await predict(release.stableUrl ?? ''), 'r1');
      assert.deepEqual(await leftovers(), [
        'Deployment iris-r1',
        'HTTPRoute iris',
        'HorizontalPodAutoscaler iris',
        'PodDisruptionBudget iris',
        'Service iris',
        'Service iris-r1',
        'ServiceMonitor iris',
      ]);
      target.dispose();
    });
  }

  for (const mode of ['Standard', 'Knative'] as const) {
    it(`takes what is exported for KServe in the mode ${mode}, as its schema has it`, async () => {
      const options = {
        ...extensionOptions,
        push: () => Promise.resolve(''),
        checkPush: () => Promise.resolve(),
        config: { registry: REGISTRY, mode },
      };
      const target = new KServeTarget('staging', options, logger);
      const iris = await subjectOf('iris');
      await applyFiles(await target.manifests(iris, imageOf(iris.model), 'kustomize'), 'kustomize');
      assert.deepEqual(await leftovers(), ['InferenceService iris']);
      target.dispose();
    });
  }

  it('scales a release, and the target says so', async () => {
    const target = targetOf();
    const release = await serve(target, await subjectOf('iris'));
    await target.scale?.(release, 2, taskOf());
    await eventually(async () => {
      const [scaled] = await target.list(taskOf().signal);
      return scaled?.replicas?.ready === 2 && scaled.replicas.wanted === 2;
    });
    target.dispose();
  });

  it('says in its scheduler’s words why no node takes a pod', async () => {
    const target = targetOf({ nodeSelector: { accelerator: 'nowhere' } });
    await assert.rejects(
      serve(target, await subjectOf('iris')),
      /didn't match Pod's node affinity\/selector/,
    );
    target.dispose();
  }).timeout(200_000);

  it('says before that a quota has no room, and afterwards in the cluster’s words', async () => {
    const core = admin.makeApiClient(CoreV1Api);
    const body = { metadata: { name: 'small' }, spec: { hard: { 'requests.memory': '100Mi' } } };
    await core.createNamespacedResourceQuota({ namespace, body });
    const target = targetOf();
    try {
      await eventually(async () => {
        const { status } = await core.readNamespacedResourceQuota({ name: 'small', namespace });
        return status?.used;
      });
      const iris = await subjectOf('iris');
      const { warnings } = await target.check(iris, taskOf());
      assert.deepEqual(warnings, [
        'The quota small of models has 0 of 100Mi requests.memory in use: there is no room for 1 more servers with 256Mi each.',
      ]);
      await assert.rejects(serve(target, iris), /exceeded quota: small, requested: requests.memory=256Mi/);
    } finally {
      await core.deleteNamespacedResourceQuota({ name: 'small', namespace });
      target.dispose();
    }
  });
});

let deployment: Deployment;
let relay: Relay;
const kubeconfigs = { nobody: '', relayed: '' };
const child: string[] = [];

describeConformance('a target on a real API server', {
  before: async () => {
    deployment = await deploymentOfIris();
    relay = await Relay.start({ host: '127.0.0.1', port: Number(new URL(plane.url).port) });
    kubeconfigs.nobody = await plane.kubeconfig('nobody');
    kubeconfigs.relayed = await plane.kubeconfig('ada', `https://127.0.0.1:${relay.port}`);
    const script = resolve('test/unit/target/kubernetes/deployInChild.ts');
    child.push(process.execPath, '--import', 'tsx', script, kubeconfig);
  },
  target: () => targetOf(),
  changed: () => targetOf({ resources: { requests: { cpu: '200m' } } }),
  broken: [
    {
      why: 'there is no kubeconfig',
      target: () => targetOf({ kubeconfig: '/nowhere' }),
      code: 'config-invalid',
    },
    {
      why: 'the credentials are wrong',
      target: () => targetOf({ kubeconfig: kubeconfigs.nobody }),
      code: 'cluster-denied',
    },
  ],
  remote: {
    target: () => targetOf({ kubeconfig: kubeconfigs.relayed }),
    cut: () => relay.cut(),
    mend: () => relay.mend(),
    code: 'cluster-unreachable',
  },
  deployment: () => deployment,
  leftovers,
  cleanUp,
  endServer: async (revision) => {
    const name = `iris-r${revision}`;
    node.failures.set(name, { kind: 'CreateContainerConfigError', message: 'it is ended' });
    await node.removePods(name);
  },
  child,
  after: () => Promise.resolve(relay.cut()),
});

/** The route's services with their parts of the traffic. */
async function weights(): Promise<[string, number][]> {
  const { group, version, plural } = addOns.gateway;
  const custom = admin.makeApiClient(CustomObjectsApi);
  const of = { group, version, namespace, plural, name: 'iris' };
  const { spec } = (await custom.getNamespacedCustomObject(of)) as Route;
  return (spec.rules[0]?.backendRefs ?? []).map(({ name, weight }) => [name, weight]);
}

interface Route {
  spec: { rules: { backendRefs: { name: string; weight: number }[] }[] };
}

function leftovers(): Promise<string[]> {
  return models.names();
}

async function cleanUp(): Promise<void> {
  node.failures.clear();
  await models.clear();
}
