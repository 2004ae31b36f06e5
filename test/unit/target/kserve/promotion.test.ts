import assert from 'node:assert/strict';
import { deploy } from '../../../../src/core/release/deploy';
import type { Release, Target } from '../../../../src/core/target/target';
import type { KServeSetup } from '../../../host/kubernetes/kserve';
import { KubernetesApi } from '../../../host/kubernetesApi';
import type { StoreEvent } from '../../../host/kubernetes/store';
import {
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
  inferenceService,
  knative,
  kserveTargetOf,
  podsOf,
  releaseOn,
  servicesOf,
  serving,
  standard,
} from './support';

describe('a promotion on KServe', () => {
  let api: KubernetesApi;
  let target: Target;
  let iris: Subject;

  async function start(kserve: KServeSetup): Promise<void> {
    api = await KubernetesApi.start({ kserve });
    target = kserveTargetOf(api);
  }

  /** A candidate whose server is ready. */
  async function readyCandidate(): Promise<Release> {
    const { revision } = await startCandidate(target, iris);
    return eventually(async () => {
      const release = await releaseOn(target, revision);
      return release.health === 'ready' ? release : undefined;
    });
  }

  /** Promotes until it reports such words, or the InferenceService `iris` is such, and cancels it then. */
  async function cancelled(release: Release, at: RegExp | ((address: object) => boolean)): Promise<void> {
    const controller = new AbortController();
    const report = (words: string) => at instanceof RegExp && at.test(words) && controller.abort();
    const look = ({ object }: StoreEvent) => {
      if (!(at instanceof RegExp) && object.metadata.name === 'iris' && at(addressOf(api)))
        controller.abort();
    };
    api.store.events.on('change', look);
    const task = { signal: controller.signal, report: (words: string) => void report(words) };
    await assert.rejects(target.promote(release, task), { name: 'AbortError' });
    api.store.events.off('change', look);
  }

  /** The most percent of the traffic that KServe gave each revision of Knative's from now on. */
  function routed(): Record<string, number> {
    const most: Record<string, number> = {};
    api.store.events.on('change', ({ object }: StoreEvent) => {
      if (object.metadata.name !== 'iris') return;
      const { components } = (object.status ?? {}) as Status;
      for (const { revisionName, percent } of components?.predictor.traffic ?? [])
        if (revisionName) most[revisionName] = Math.max(most[revisionName] ?? 0, percent);
    });
    return most;
  }

  before(async () => (iris = await subjectOf('iris')));
  afterEach(async () => {
    target.dispose();
    await api.stop();
  });

  const moments: [string, KServeSetup, (address: object) => boolean][] = [
    ['while Knative makes its revision', knative, (now) => 'canary' in now && now.canary === '2'],
    ['when it has the traffic', knative, (now) => 'serving' in now && now.serving === '2'],
    ['while pods are replaced', standard, (now) => 'serving' in now && now.serving === '2'],
  ];
  for (const [moment, setup, at] of moments) {
    it(`that is cancelled ${moment} leaves all as it was, without a gap`, async () => {
      await start(setup);
      const { stableUrl = '' } = await serve(target, iris);
      const before = inferenceService(api).metadata.annotations;
      const candidate = await readyCandidate();
      const traffic = sendTraffic(stableUrl);
      await cancelled(candidate, at);
      assert.equal(await stateOf(target), '2 candidate ready, 1 serving ready');
      assert.deepEqual(addressOf(api), serving(1));
      assert.deepEqual(inferenceService(api).metadata.annotations, before);
      await target.fail(candidate, 'cancelled', taskOf());
      assert.deepEqual(servicesOf(api), ['InferenceService iris']);
      await eventually(() => podsOf(api, 2).length === 0);
      assert.equal(await predict(stableUrl), 'r1');
      await traffic.stop();
    });
  }

  for (const setup of [knative, standard]) {
    it(`whose pods are not possible leaves all as it was in the mode ${setup.mode}`, async () => {
      await start(setup);
      await serve(target, iris);
      const candidate = await readyCandidate();
      for (const name of ['iris-predictor', 'iris-predictor-00002'])
        api.failures.set(name, { kind: 'CreateContainerConfigError', message: 'no such secret' });
      await assert.rejects(target.promote(candidate, taskOf()), {
        code: 'endpoint-not-ready',
        message: /does not start\. Its container can not be made: no such secret/,
      });
      assert.equal(await stateOf(target), '2 candidate ready, 1 serving ready');
      assert.deepEqual(addressOf(api), serving(1));
    });
  }

  it('that is cancelled while no node takes the new pod leaves all as it was', async () => {
    await start(standard);
    await serve(target, iris);
    const candidate = await readyCandidate();
    api.failures.set('iris-predictor', { kind: 'Unschedulable', message: 'Insufficient memory.' });
    await cancelled(candidate, /No node takes its pod: Insufficient memory/);
    assert.equal(await stateOf(target), '2 candidate ready, 1 serving ready');
    assert.deepEqual(addressOf(api), serving(1));
  });

  it('that is cancelled as the first one leaves the candidate alone', async () => {
    await start(standard);
    const candidate = await readyCandidate();
    await cancelled(candidate, /^Waiting until revision 1 of iris is ready/);
    assert.equal(await stateOf(target), '1 candidate ready');
    assert.deepEqual(servicesOf(api), ['InferenceService iris-r1']);
  });

  it('that is cancelled leaves alone what somebody else has changed meanwhile', async () => {
    await start(standard);
    await serve(target, iris);
    const [second, third] = [await startCandidate(target, iris), await startCandidate(target, iris)];
    api.failures.set('iris-predictor', { kind: 'Unschedulable', message: 'Insufficient memory.' });
    const controller = new AbortController();
    const waiting = /^Waiting until revision 2 .* No node takes/;
    const cancelling = new Promise<void>((done) => {
      const report = (words: string) => waiting.test(words) && done();
      const task = { signal: controller.signal, report: (words: string) => void report(words) };
      void target.promote(second, task).catch(() => undefined);
    });
    await cancelling;
    api.failures.clear();
    const other = kserveTargetOf(api);
    await other.promote(third, taskOf());
    other.dispose();
    controller.abort();
    assert.equal((await releaseOn(target, 3)).state, 'serving');
    const { history, ...now } = addressOf(api);
    assert.deepEqual(now, { serving: '3', canary: undefined, predictor: '3', percent: undefined });
    assert.deepEqual(history, [3, 2, 1]);
  });

  it('takes the traffic of a canary back without giving it all of it for a moment', async () => {
    await start(knative);
    await serve(target, iris);
    const candidate = await readyCandidate();
    const most = routed();
    await target.setTraffic?.(candidate, 20, taskOf());
    await target.setTraffic?.(candidate, 0, taskOf());
    assert.deepEqual(addressOf(api), serving(1));
    await target.fail(candidate, 'it was wrong', taskOf());
    assert.deepEqual(addressOf(api), serving(1));
    await eventually(() => podsOf(api, 2).length === 0);
    assert.deepEqual(most, {
      'iris-predictor-00001': 100,
      'iris-predictor-00002': 20,
      'iris-predictor-00003': 100,
    });
    const scaled = await target.scale?.(await releaseOn(target, 1), 2, taskOf());
    assert.deepEqual(scaled?.replicas?.range, { min: 2 });
  });

  it('of a canary, beside an old release that serves again, keeps that one', async () => {
    await start(knative);
    for (let count = 0; count < 5; count++) await serve(target, iris);
    await target.promote(await releaseOn(target, 2), taskOf());
    const candidate = await readyCandidate();
    await target.setTraffic?.(candidate, 20, taskOf());
    assert.equal((await releaseOn(target, 2)).state, 'serving');
    await target.promote(candidate, taskOf());
    assert.deepEqual(addressOf(api), serving(6, 5, 4, 3));
  }).timeout(60_000);

  it('takes one canary at a time', async () => {
    await start(knative);
    await serve(target, iris);
    const [second, third] = [await readyCandidate(), await readyCandidate()];
    await target.setTraffic?.(second, 50, taskOf());
    await assert.rejects(Promise.resolve(target.setTraffic?.(third, 10, taskOf())), {
      code: 'cluster-refused',
      message: 'revision 2 of iris has a part of the traffic already.',
    });
    await assert.rejects(target.fail(second, 'no reason', taskOf()), {
      message: 'By now revision 2 of iris serves, so it stays.',
      next: 'Promote another release, then remove it.',
    });
  });

  it('makes a release again with the settings that it was made with', async () => {
    await start(standard);
    await deploy(target, iris, deployTask());
    const first = inferenceService(api).spec.predictor;
    target.dispose();
    target = kserveTargetOf(api, { resources: { requests: { cpu: '200m' } } });
    await deploy(target, iris, deployTask());
    assert.notDeepEqual(inferenceService(api).spec.predictor, first);
    await target.promote(await releaseOn(target, 1), taskOf());
    assert.deepEqual(inferenceService(api).spec.predictor, first);
  });
});

interface Status {
  components?: { predictor: { traffic?: { revisionName: string | null; percent: number }[] } };
}
