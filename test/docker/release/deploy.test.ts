import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { hashModel } from '../../../src/core/model/hashModel';
import { deploy, deploySteps, type DeployStep, type DeployTask } from '../../../src/core/release/deploy';
import { rollBack } from '../../../src/core/release/rollBack';
import type { Release, Target } from '../../../src/core/target/target';
import {
  cleanUp,
  docker,
  leftoversOf,
  predict,
  sendTraffic,
  startCandidate,
  stateOf,
  subjectOf,
  targetOf,
  taskOf,
  type Subject,
} from '../target/support';
import { hostileModel } from '../../unit/fixtures';

const name = 'release-test';
let target: Target;
let iris: Subject;

function deployTask(onStep?: (step: DeployStep) => void, signal?: AbortSignal): DeployTask {
  return { ...taskOf(signal), onStep: (step, state) => state === 'running' && onStep?.(step) };
}

/** The same model with a sample that it does not fulfil. */
function broken(): Subject {
  const [sample] = iris.samples;
  assert.ok(sample);
  return { ...iris, samples: [...iris.samples, { ...sample, name: 'impossible', expected: { label: [2] } }] };
}

function addressOf({ stableUrl }: Release): string {
  assert.ok(stableUrl);
  return stableUrl;
}

describe('deploying to a Docker engine', () => {
  before(async () => {
    iris = await subjectOf('iris');
    await cleanUp(name);
  });
  beforeEach(() => {
    target = targetOf(name);
  });
  afterEach(() => cleanUp(name));

  it('no client sees a gap: deploys, a failing one, a roll-back, at 200 requests a second', async () => {
    const url = addressOf(await deploy(target, iris, deployTask()));
    const traffic = sendTraffic(url);
    await deploy(target, { ...iris, note: 'second' }, deployTask());
    await assert.rejects(deploy(target, broken(), deployTask()), { code: 'verify-failed' });
    await deploy(target, { ...iris, note: 'third' }, deployTask());
    const back = await rollBack(target, 'iris', taskOf());
    assert.equal(back.note, 'second');
    const answered = await traffic.stop();
    assert.deepEqual(Object.keys(answered).sort(), ['r1', 'r2', 'r3']);
    assert.equal(await stateOf(target), '3 retired stopped, 2 serving ready, 1 retired stopped');
    assert.equal((await predict(url)).revision, 'r2');
  });

  it('with failing samples keeps the old release, and leaves nothing of the new one', async () => {
    const url = addressOf(await deploy(target, iris, deployTask()));
    const before = await leftoversOf(name);
    await assert.rejects(deploy(target, broken(), deployTask()), {
      code: 'verify-failed',
      message: /Revision 2 of iris fails 1 of \d+ samples\.\nimpossible, label\[0\]: Expected 2, got 0/,
    });
    assert.deepEqual(await leftoversOf(name), before);
    assert.equal((await predict(url)).revision, 'r1');
  });

  it('of a model that can not be loaded says why, and leaves nothing', async () => {
    const path = hostileModel('sequence-output');
    const model = { name: 'iris', path, hash: await hashModel(path) };
    await assert.rejects(deploy(target, { ...iris, model }, deployTask()), {
      code: 'verify-failed',
      message:
        /Revision 1 of iris does not start\. Its server ended: exit code 1.*\nThe last lines of its log:\n[^]*sequence/,
    });
    assert.deepEqual(await leftoversOf(name), []);
  });

  for (const step of deploySteps) {
    it(`cancelled in the step ${step} leaves what served and nothing else`, async () => {
      const url = addressOf(await deploy(target, iris, deployTask()));
      const before = await leftoversOf(name);
      const controller = new AbortController();
      const cancel = (at: DeployStep) => at === step && setTimeout(() => controller.abort(), 20);
      await assert.rejects(deploy(target, iris, deployTask(cancel, controller.signal)), {
        name: 'AbortError',
      });
      assert.deepEqual((await leftoversOf(name)).sort(), before.sort());
      assert.equal((await predict(url)).revision, 'r1');
    });
  }

  it('cancelled as the first of its target leaves nothing at all', async () => {
    const controller = new AbortController();
    const cancel = (at: DeployStep) => at === 'verify' && controller.abort();
    await assert.rejects(deploy(target, iris, deployTask(cancel, controller.signal)), { name: 'AbortError' });
    assert.deepEqual(await leftoversOf(name), []);
  });

  it('twice at the same time gives each a revision, and one of them serves', async () => {
    const [one, two] = await Promise.all([
      deploy(target, { ...iris, note: 'one' }, deployTask()),
      deploy(targetOf(name), { ...iris, note: 'two' }, deployTask()),
    ]);
    assert.notEqual(one.revision, two.revision);
    const releases = await target.list(taskOf().signal);
    assert.deepEqual(releases.map(({ note }) => note).sort(), ['one', 'two']);
    const serving = releases.filter(({ state }) => state === 'serving');
    assert.equal(serving.length, 1);
    assert.equal((await predict(addressOf(one))).revision, `r${serving[0]?.revision}`);
  });

  for (const step of ['candidate', 'verify', 'promote'] as const) {
    it(`killed in the step ${step} is found, can be finished, and can be undone`, async () => {
      const url = addressOf(await deploy(target, iris, deployTask()));
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', 'test/docker/release/deployInChild.ts', name],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      for await (const line of createInterface(child.stdout)) {
        if (line === `${step} ${step === 'candidate' ? 'done' : 'running'}`) break;
      }
      child.kill('SIGKILL');
      await once(child, 'exit');

      assert.equal((await predict(url)).status, 200);
      const left = (await target.list(taskOf().signal)).find(({ revision }) => revision === 2);
      assert.ok(left, 'the candidate is found');
      assert.equal((await target.promote(left, taskOf())).state, 'serving');
      assert.equal((await predict(url)).revision, 'r2');
      assert.equal(await stateOf(target), '2 serving ready, 1 retired stopped');
      const back = await rollBack(target, 'iris', taskOf());
      assert.deepEqual(await target.remove(left, taskOf()), []);
      assert.deepEqual(await target.remove(back, taskOf()), []);
      assert.deepEqual(await leftoversOf(name), []);
    });
  }

  it('leaves other targets on the same engine alone', async () => {
    const other = targetOf(`${name}-2`);
    try {
      const [here, there] = [
        await deploy(target, iris, deployTask()),
        await deploy(other, iris, deployTask()),
      ];
      assert.notEqual(here.stableUrl, there.stableUrl);
      assert.deepEqual(await target.remove(here, taskOf()), []);
      assert.equal((await predict(addressOf(there))).status, 200);
      assert.equal(await stateOf(other), '1 serving ready');
      assert.ok(await docker.getImage(there.digest).inspect());
    } finally {
      await cleanUp(`${name}-2`);
    }
  });

  it('counts on from a candidate that nobody finished', async () => {
    await startCandidate(target, iris);
    assert.equal((await deploy(target, iris, deployTask())).revision, 2);
  });
});
