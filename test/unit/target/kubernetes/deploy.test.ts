import assert from 'node:assert/strict';
import { InferenceClient } from '../../../../src/core/inference/client';
import { hashModel } from '../../../../src/core/model/hashModel';
import { deploy } from '../../../../src/core/release/deploy';
import { rollBack } from '../../../../src/core/release/rollBack';
import type { KubernetesTarget } from '../../../../src/core/target/kubernetes/kubernetesTarget';
import { answersReady } from '../../../../src/core/target/http';
import type { Release, Target } from '../../../../src/core/target/target';
import { KubernetesApi } from '../../../host/kubernetesApi';
import { hostileModel, workspaceModel } from '../../fixtures';
import {
  broken,
  deployTask,
  eventually,
  predict,
  sendTraffic,
  startCandidate,
  stateOf,
  subjectOf,
  targetOf,
  taskOf,
  warnings,
  type Subject,
} from './support';

let api: KubernetesApi;
let target: Target;
let iris: Subject;

async function stableUrl(): Promise<string> {
  const [release] = await target.list(taskOf().signal);
  return release?.stableUrl ?? assert.fail('nothing has a stable address');
}

describe('deploying to a Kubernetes cluster', () => {
  before(async () => (iris = await subjectOf('iris')));
  beforeEach(async () => {
    api = await KubernetesApi.start();
    target = targetOf(api);
  });
  afterEach(async () => {
    target.dispose();
    await api.stop();
  });

  it('proves a release in its pod, and gives it the traffic', async () => {
    await deploy(target, iris, deployTask());
    const [release] = await target.list(taskOf().signal);
    assert.ok(release);
    assert.equal(release.id, 'staging/iris/1');
    assert.deepEqual(
      [release.state, release.health, release.traffic, release.note],
      ['serving', 'ready', 100, 'first'],
    );
    assert.deepEqual(release.model, iris.model);
    assert.deepEqual(release.replicas, { ready: 1, wanted: 1 });
    assert.match(release.digest, /^registry\.test\/models\/iris@sha256:[0-9a-f]{64}$/);
    assert.equal(await predict(release.stableUrl ?? ''), 'r1');
    assert.equal(await predict(release.url ?? ''), 'r1');
    assert.deepEqual(api.names(), ['Deployment iris-r1', 'PodDisruptionBudget iris', 'Service iris']);
  });

  it('no client sees a gap: deploys, a failing one, a roll-back', async () => {
    await deploy(target, iris, deployTask());
    const url = await stableUrl();
    const traffic = sendTraffic(url);
    await deploy(target, { ...iris, note: 'second' }, deployTask());
    await assert.rejects(deploy(target, broken(iris), deployTask()), { code: 'verify-failed' });
    await deploy(target, { ...iris, note: 'third' }, deployTask());
    const back = await rollBack(target, 'iris', taskOf());
    assert.equal(back.note, 'second');
    const answered = await traffic.stop();
    assert.deepEqual(Object.keys(answered).sort(), ['r1', 'r2', 'r3']);
    assert.equal(await stateOf(target), '3 retired stopped, 2 serving ready, 1 retired stopped');
    assert.equal(await predict(url), 'r2');
  });

  it('reaches the new server of a number whose server before still ends', async () => {
    const of = async ({ url = '' }: Release) => {
      await eventually(() => answersReady(url, taskOf().signal));
      return (await new InferenceClient(url, 'iris').signature()).inputs.map(({ name }) => name);
    };
    const path = workspaceModel('digits');
    const other = { ...iris, model: { name: 'iris', path, hash: 'of another file' } };
    const before = await startCandidate(target, iris);
    assert.deepEqual(await of(before), ['measurements']);
    await target.fail(before, 'It does not prove itself.', taskOf());
    const after = await startCandidate(target, other);
    assert.equal(after.revision, before.revision);
    assert.deepEqual(await of(after), ['pixels']);
  });

  it('that fails leaves what served, and nothing of itself', async () => {
    await deploy(target, iris, deployTask());
    const before = api.names();
    await assert.rejects(deploy(target, broken(iris), deployTask()), { code: 'verify-failed' });
    assert.deepEqual(api.names(), before);
    assert.match(
      warnings.at(-1) ?? '',
      /revision 2 of iris is removed\. Revision 2 of iris fails 1 of \d+ samples/,
    );
    await eventually(() => api.pods('iris-r2').length === 0);
    assert.equal(await predict(await stableUrl()), 'r1');
  });

  it('cancelled while the release before still answers gives the traffic back', async () => {
    await deploy(target, iris, deployTask());
    const before = api.names();
    const controller = new AbortController();
    const report = (words: string) => {
      if (/until the release before has answered/.test(words)) controller.abort();
    };
    await assert.rejects(deploy(target, iris, { ...deployTask(controller.signal), report }), {
      name: 'AbortError',
    });
    assert.deepEqual(api.names(), before);
    assert.equal(await stateOf(target), '1 serving ready');
    assert.equal(await predict(await stableUrl()), 'r1');
  });

  it('keeps what was proven, and with what configuration', async () => {
    const candidate = await startCandidate(target, iris);
    const promoted: object = await (target as KubernetesTarget).promote(
      candidate,
      taskOf(),
      '3 of 3 samples pass',
    );
    assert.ok('proof' in promoted && 'settings' in promoted);
    assert.equal(promoted.proof, '3 of 3 samples pass');
    assert.equal(promoted.settings, (target as KubernetesTarget).settings);
  });

  it('of a model that can not be loaded says why, with the last lines of its log', async () => {
    const path = hostileModel('sequence-output');
    const model = { name: 'iris', path, hash: await hashModel(path) };
    await assert.rejects(deploy(target, { ...iris, model }, deployTask()), (error: Error) => {
      assert.match(error.message, /does not start/);
      assert.match(error.message, /sequence/);
      return true;
    });
    assert.doesNotMatch(await stateOf(target), /serving|candidate/);
  });

  it('twice at the same time gives each a revision, and one of them serves', async () => {
    const other = targetOf(api);
    await Promise.all([
      deploy(target, { ...iris, note: 'one' }, deployTask()),
      deploy(other, { ...iris, note: 'two' }, deployTask()),
    ]);
    other.dispose();
    const releases = await target.list(taskOf().signal);
    assert.deepEqual(releases.map(({ note }) => note).sort(), ['one', 'two']);
    assert.equal(releases.filter(({ state }) => state === 'serving').length, 1);
  });

  it('cancelled before it was promoted gives it no traffic', async () => {
    const controller = new AbortController();
    const task = {
      ...taskOf(controller.signal),
      onStep: (step: string) => step === 'verify' && controller.abort(),
    };
    await assert.rejects(deploy(target, iris, { ...task, onStep: (step) => void task.onStep(step) }), {
      name: 'AbortError',
    });
    assert.doesNotMatch(await stateOf(target), /serving|candidate/);
  });

  it('is removed without a trace', async () => {
    await deploy(target, iris, deployTask());
    await deploy(target, { ...iris, note: 'second' }, deployTask());
    for (const release of await target.list(taskOf().signal)) {
      assert.deepEqual(await target.remove(release, taskOf()), []);
    }
    assert.deepEqual(api.names(), []);
    await eventually(() => api.pods('iris').length === 0);
  });
});
