import assert from 'node:assert/strict';
import { deploy } from '../../../../src/core/release/deploy';
import { rollBack } from '../../../../src/core/release/rollBack';
import type { KServeConfig } from '../../../../src/core/target/kserve/options';
import type { Target } from '../../../../src/core/target/target';
import type { KServeSetup } from '../../../host/kubernetes/kserve';
import { KubernetesApi } from '../../../host/kubernetesApi';
import {
  beginRemoval,
  broken,
  deployTask,
  eventually,
  predict,
  sendTraffic,
  serve,
  startCandidate,
  stateOf,
  subjectOf,
  taskOf,
  type Subject,
} from '../kubernetes/support';
import {
  addressOf,
  knative,
  kserveTargetOf,
  podsOf,
  releaseOn,
  serving,
  servicesOf,
  standard,
} from './support';

/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-return -- specs are read as JSON */

let api: KubernetesApi;
let target: Target;
let iris: Subject;

async function start(kserve: KServeSetup, config: Partial<KServeConfig> = {}): Promise<void> {
  api = await KubernetesApi.start({ kserve });
  target = kserveTargetOf(api, config);
}

const releaseOf = (revision: number) => releaseOn(target, revision);
const services = () => servicesOf(api);

function spec() {
  return api.store.get(api.kind('InferenceService'), 'models', 'iris').spec;
}

describe('deploying to KServe', () => {
  before(async () => (iris = await subjectOf('iris')));
  afterEach(async () => {
    target.dispose();
    await api.stop();
  });

  for (const setup of [knative, standard]) {
    it(`no client sees a gap in the mode ${setup.mode}: deploys, a failing one, a roll-back`, async () => {
      await start(setup);
      await deploy(target, iris, deployTask());
      const { stableUrl = '' } = await releaseOf(1);
      assert.equal(await predict(stableUrl), 'r1');
      assert.deepEqual(services(), ['InferenceService iris']);
      const traffic = sendTraffic(stableUrl);
      await deploy(target, { ...iris, note: 'second' }, deployTask());
      await assert.rejects(deploy(target, broken(iris), deployTask()), { code: 'verify-failed' });
      assert.deepEqual(services(), ['InferenceService iris']);
      assert.equal(await predict(stableUrl), 'r2');
      const back = await rollBack(target, 'iris', taskOf());
      assert.equal(back.note, 'first');
      assert.equal((await releaseOf(1)).state, 'serving');
      const answered = await traffic.stop();
      assert.deepEqual(Object.keys(answered).sort(), ['r1', 'r2']);
    });
  }

  it('makes a container of the name and with the protocol that KServe wants', async () => {
    await start(knative, { minReplicas: 0, maxReplicas: 3 });
    await serve(target, iris);
    const { predictor } = spec();
    const [container] = predictor.containers;
    assert.equal(container.name, 'kserve-container');
    assert.deepEqual(container.env, [{ name: 'PROTOCOL', value: 'v2' }]);
    assert.deepEqual([predictor.minReplicas, predictor.maxReplicas], [0, 3]);
    assert.equal(predictor.canaryTrafficPercent, undefined);
    assert.deepEqual(api.store.managersOf(api.kind('InferenceService'), 'models', 'iris'), ['slipway']);
  });

  it('divides the traffic with Knative, and takes it back', async () => {
    await start(knative);
    await serve(target, iris);
    const candidate = await startCandidate(target, { ...iris, note: 'second' });
    assert.deepEqual(services(), ['InferenceService iris', 'InferenceService iris-r2']);
    const canary = await target.setTraffic?.(candidate, 20, taskOf());
    assert.deepEqual([canary?.state, canary?.traffic, canary?.undivided], ['canary', 20, undefined]);
    assert.equal((await releaseOf(1)).traffic, 80);
    assert.equal(spec().predictor.canaryTrafficPercent, 20);
    const back = await target.setTraffic?.(candidate, 0, taskOf());
    assert.deepEqual([back?.state, back?.traffic], ['candidate', 0]);
    await target.fail(candidate, 'it was wrong', taskOf());
    assert.equal(await stateOf(target), '1 serving ready');
    assert.deepEqual(addressOf(api), serving(1));
    const third = await serve(target, iris);
    assert.equal(third.state, 'serving');
    assert.equal(spec().predictor.canaryTrafficPercent, undefined);
  });

  it('refuses to run no server where there are plain Deployments, and a cluster without KServe', async () => {
    await start(standard, { minReplicas: 0 });
    await assert.rejects(target.check(iris, taskOf()), {
      code: 'config-invalid',
      message: /Only where KServe runs on Knative/,
    });
    await api.stop();
    target.dispose();
    api = await KubernetesApi.start();
    target = kserveTargetOf(api);
    await assert.rejects(target.check(iris, taskOf()), { message: /KServe is not installed/ });
  });

  it('plans, and removes without a trace', async () => {
    await start(knative);
    const planned = await target.plan(iris, taskOf());
    assert.deepEqual(
      planned.map(({ action, what }) => `${action} ${what}`),
      ['create InferenceService iris-r1, until it is promoted', 'create InferenceService iris'],
    );
    assert.deepEqual(services(), []);
    await serve(target, iris);
    await serve(target, iris);
    assert.equal(await stateOf(target), '2 serving ready, 1 retired stopped');
    await assert.rejects(target.remove(await releaseOf(2), taskOf()), { code: 'cluster-refused' });
    assert.deepEqual(await target.remove(await releaseOf(1), taskOf()), []);
    assert.deepEqual(await target.remove(await releaseOf(2), taskOf()), []);
    assert.deepEqual(services(), []);
  });

  it('shows what is being deleted until it is gone', async () => {
    await start(standard);
    await serve(target, iris);
    await startCandidate(target, iris);
    beginRemoval(api, 'InferenceService', 'iris-r2');
    await eventually(async () => (await stateOf(target)) === '2 candidate deleting, 1 serving ready');
    beginRemoval(api, 'InferenceService', 'iris');
    assert.equal(await stateOf(target), '2 candidate deleting, 1 serving deleting');
    assert.equal((await releaseOf(2)).url, undefined);
    await assert.rejects(target.remove(await releaseOf(2), taskOf()), { code: 'release-missing' });
  });

  it('says of a candidate that a killed deploy left, and that does not run, that it failed', async () => {
    await start(standard);
    await startCandidate(target, iris);
    api.failures.set('iris-r1-predictor', { kind: 'CreateContainerConfigError', message: 'no secret' });
    for (const pod of podsOf(api, 1)) api.controller.removePod('models', pod);
    await eventually(async () => (await stateOf(target)) === '1 failed stopped');
    assert.match((await releaseOf(1)).detail ?? '', /no secret/);
    assert.deepEqual(await target.remove(await releaseOf(1), taskOf()), []);
  });

  it('is degraded where one of its servers is missing', async () => {
    await start(standard, { minReplicas: 2 });
    await serve(target, iris);
    await eventually(() => podsOf(api, 1).length === 2);
    await eventually(async () => (await releaseOf(1)).replicas?.ready === 2);
    api.failures.set('iris-predictor', { kind: 'Unschedulable', message: 'no room' });
    api.controller.removePod('models', podsOf(api, 1)[0] ?? '');
    await eventually(async () => (await stateOf(target)) === '1 serving degraded');
    const { replicas, detail } = await releaseOf(1);
    assert.deepEqual([replicas?.ready, replicas?.wanted], [1, 2]);
    assert.match(detail ?? '', /No node takes its pod: no room/);
  });

  it('loses nothing of what is changed at the same time', async () => {
    await start(standard);
    for (let count = 0; count < 3; count++) await serve(target, iris);
    const [first, second, third] = [await releaseOf(1), await releaseOf(2), await releaseOf(3)];
    const other = kserveTargetOf(api);
    await Promise.all([
      target.remove(first, taskOf()),
      other.remove(second, taskOf()),
      target.scale?.(third, 2, taskOf()),
    ]);
    other.dispose();
    assert.deepEqual(addressOf(api), serving(3));
    assert.equal(spec().predictor.minReplicas, 2);
  });

  it('gives a number once where it had traffic', async () => {
    await start(standard);
    await serve(target, iris);
    await serve(target, iris);
    await target.promote(await releaseOf(1), taskOf());
    await target.remove(await releaseOf(2), taskOf());
    assert.equal((await startCandidate(target, iris)).revision, 3);
  });

  it('is not taken to run by a server of its number that still ends', async () => {
    await start(knative);
    const [name, running] = ['kserve-container', { startedAt: '2026-01-01T00:00:00Z' }];
    const labels = {
      'dev.slipway.target': 'staging',
      'dev.slipway.model': 'iris',
      'dev.slipway.revision': '1',
    };
    const annotations = { 'dev.slipway.created': '2026-01-01T00:00:00.000Z' };
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'iris-r1-of-before', labels, annotations },
      spec: { containers: [{ name, image: 'of-before' }] },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True' }],
        containerStatuses: [{ name, ready: true, restartCount: 0, state: { running } }],
      },
    };
    api.store.create(api.kind('Pod'), 'models', pod, { manager: 'test' });
    api.failures.set('iris-r1-predictor-00001', { kind: 'Unschedulable', message: 'no room' });
    const controller = new AbortController();
    const report = (words: string) => /No node takes its pod/.test(words) && controller.abort();
    const task = { signal: controller.signal, report: (words: string) => void report(words) };
    await assert.rejects(startCandidate(target, iris, task), { name: 'AbortError' });
  });

  it('that can not be started says what is left of it beside the reason', async () => {
    await start(knative);
    api.failures.set('iris-r1-predictor-00001', { kind: 'ImagePullBackOff', message: 'no such image' });
    const denied = (verb: string) => verb === 'delete';
    // It is allowed at the time of the check.
    api.users.set('test-token', { name: 'ada', denied });
    await assert.rejects(startCandidate(target, iris), {
      code: 'endpoint-not-ready',
      message:
        /^Revision 1 of iris does not start\. The cluster can not pull its image: no such image\.\nLeft behind is revision 1 of iris: Slipway could not remove revision 1 of iris on staging: ada may not delete inferenceservices/,
      next: 'Look at staging, and remove it there.',
    });
    api.users.set('test-token', { name: 'ada' });
    assert.deepEqual(await target.remove(await releaseOf(1), taskOf()), []);
    assert.deepEqual(services(), []);
  });

  it('of a model that can not be loaded says why, and leaves nothing', async () => {
    await start(knative);
    api.failures.set('iris-r1-predictor-00001', { kind: 'ImagePullBackOff', message: 'no such image' });
    await assert.rejects(startCandidate(target, iris), { message: /can not pull its image: no such image/ });
    assert.deepEqual(services(), []);
  });
});
