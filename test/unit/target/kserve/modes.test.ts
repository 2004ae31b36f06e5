import assert from 'node:assert/strict';
import { deploy } from '../../../../src/core/release/deploy';
import type { KServeConfig } from '../../../../src/core/target/kserve/options';
import type { Target } from '../../../../src/core/target/target';
import type { KServeSetup } from '../../../host/kubernetes/kserve';
import { KubernetesApi } from '../../../host/kubernetesApi';
import {
  deployTask,
  imageOf,
  serve,
  startCandidate,
  stateOf,
  subjectOf,
  taskOf,
  type Subject,
} from '../kubernetes/support';
import { knative, kserveTargetOf, releaseOn, servicesOf, standard } from './support';

/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment -- specs are read as JSON */

const modeNote = 'serving.kserve.io/deploymentMode';
const canary = { steps: [20], watchSeconds: 0.1, maxErrorRate: 0.1, maxSlower: 100 };

describe('the modes of KServe', () => {
  let api: KubernetesApi;
  let target: Target;
  let iris: Subject;

  async function start(kserve: KServeSetup, config: Partial<KServeConfig> = {}): Promise<void> {
    api = await KubernetesApi.start({ kserve });
    target = kserveTargetOf(api, config);
  }

  function service(name = 'iris') {
    return api.store.get(api.kind('InferenceService'), 'models', name);
  }

  before(async () => (iris = await subjectOf('iris')));
  afterEach(async () => {
    target.dispose();
    await api.stop();
  });

  const words: [KServeSetup, string][] = [
    [knative, 'Serverless'],
    [standard, 'RawDeployment'],
    [{ mode: 'Knative', version: '0.16.0' }, 'Knative'],
    [{ mode: 'Standard', version: '0.20.1' }, 'Standard'],
  ];
  for (const [setup, word] of words) {
    it(`are written as ${word} for ${setup.version}, on candidates too, and stay so`, async () => {
      await start(setup);
      const candidate = await startCandidate(target, iris);
      assert.equal(service('iris-r1').metadata.annotations?.[modeNote], word);
      await target.promote(candidate, taskOf());
      assert.equal(service().metadata.annotations?.[modeNote], word);
      await serve(target, iris);
      assert.equal(await stateOf(target), '2 serving ready, 1 retired stopped');
      assert.equal(service().status.deploymentMode, word);
    });
  }

  it('are as the target wants them for a model that is new, and as they were for one that is there', async () => {
    await start(knative, { mode: 'Standard' });
    await serve(target, iris);
    assert.equal(service().metadata.annotations?.[modeNote], 'RawDeployment');
    const [container] = service().spec.predictor.containers;
    assert.ok(container.lifecycle.preStop, 'plain Deployments get the hook that Knative would refuse');
    target.dispose();
    target = kserveTargetOf(api, { mode: 'Knative' });
    const { warnings } = await target.check(iris, taskOf());
    assert.match(warnings.join(), /^iris stays in the mode RawDeployment: KServe changes it only when/);
    await serve(target, iris);
    assert.equal(service().status.deploymentMode, 'RawDeployment');
  });

  it('are missed in words where Knative is not installed', async () => {
    await start(standard, { mode: 'Knative' });
    await assert.rejects(target.check(iris, taskOf()), {
      code: 'cluster-refused',
      message: 'Knative is not installed in the cluster, which the mode Knative needs.',
    });
  });

  for (const setup of [standard, { mode: 'Standard', version: '0.20.1' } as const]) {
    it(`that can not divide the traffic say so in ${setup.version}, and a proven release gets all of it at once`, async () => {
      await start(setup);
      assert.match((await target.check(iris, taskOf())).warnings.join(), /it has no canaries/);
      await deploy(target, iris, deployTask());
      const candidate = await startCandidate(target, iris);
      assert.equal(candidate.undivided, true);
      await assert.rejects(Promise.resolve(target.setTraffic?.(candidate, 25, taskOf())), {
        code: 'traffic-undivided',
        message: /^KServe in the mode (RawDeployment|Standard) can not divide the traffic of iris/,
      });
      await target.fail(candidate, 'of no use', taskOf());
      const said: string[] = [];
      const task = { ...deployTask(), report: (words: string) => void said.push(words) };
      const { release } = await deploy(target, { ...iris, canary }, task);
      assert.deepEqual([release.state, release.traffic], ['serving', 100]);
      assert.match(release.proof ?? '', /samples pass.*; KServe in the mode \w+ can not divide the traffic/);
      assert.ok(said.some((line) => /a release gets all of it at once/.test(line)));
      assert.equal((await releaseOn(target, 1)).state, 'retired');
      assert.deepEqual(servicesOf(api), ['InferenceService iris']);
    });
  }

  it('shape the files of a deploy with Git: as slipway.json says, or as both modes take them', async () => {
    await start(knative);
    const filesFor = async (config: Partial<KServeConfig>) => {
      const exported = kserveTargetOf(api, config);
      const files = await exported.manifests?.(iris, imageOf(iris.model), 'yaml');
      exported.dispose();
      return files?.['inferenceservice.yaml'] ?? '';
    };
    const raw = await filesFor({ mode: 'RawDeployment' });
    assert.match(raw, /serving\.kserve\.io\/deploymentMode: RawDeployment\n/);
    assert.match(raw, /preStop/);
    const serverless = await filesFor({ mode: 'Serverless' });
    assert.match(serverless, /serving\.kserve\.io\/deploymentMode: Serverless\n/);
    assert.doesNotMatch(serverless, /preStop|deploymentStrategy/);
    const plain = await filesFor({});
    assert.doesNotMatch(plain, /deploymentMode|preStop|deploymentStrategy/);
  });
});
