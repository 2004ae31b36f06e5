import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { hashModel } from '../../../src/core/model/hashModel';
import {
  deploy as runDeploy,
  finishDeploy,
  stepsFor,
  type Deployment,
  type DeployStep,
  type DeployTask,
} from '../../../src/core/release/deploy';
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

/** A new revision, also of what serves already. */
async function deploy(to: Target, deployment: Deployment, task: DeployTask): Promise<Release> {
  return (await runDeploy(to, { ...deployment, anyway: true }, task)).release;
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

  for (const step of stepsFor(targetOf(name))) {
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

  it('of what serves already changes nothing, until a sample, a setting or the model is another', async () => {
    const again = async (to: Target, what: Deployment) => {
      const { release, unchanged } = await runDeploy(to, what, deployTask());
      return `r${release.revision} ${unchanged ? 'unchanged' : 'new'}`;
    };
    assert.equal(await again(target, iris), 'r1 new');
    assert.equal(await again(target, { ...iris, note: 'again' }), 'r1 unchanged');
    assert.equal(await again(target, { ...iris, samples: iris.samples.slice(1) }), 'r2 new');
    assert.equal(await again(targetOf(name, { memoryMiB: 256 }), iris), 'r3 new');
    assert.equal(await again(targetOf(name, { memoryMiB: 256 }), iris), 'r3 unchanged');
    await assert.rejects(runDeploy(targetOf(name, { memoryMiB: 256 }), broken(), deployTask()), {
      code: 'verify-failed',
    });
    assert.match(await stateOf(target), /^3 serving ready/);
  });

  it('says before what it would change', async () => {
    const first = await target.plan({ model: iris.model, note: 'first' }, taskOf());
    assert.deepEqual(
      first.map(({ action, what }) => `${action} ${what}`),
      [
        `create network slipway-${name}`,
        `create container slipway-${name}.iris-r1`,
        `create proxy slipway-${name}.iris-proxy at a free port`,
      ],
    );
    assert.deepEqual(await leftoversOf(name), []);
    await deploy(target, iris, deployTask());
    const second = await targetOf(name, { memoryMiB: 256 }).plan({ model: iris.model, note: 'n' }, taskOf());
    assert.match(second[0]?.diff ?? '', /^- samples: .*\n- note: first\n- memoryMiB: 512\n {2}model: /);
    assert.match(second[0]?.diff ?? '', /\n\+ note: n\n {2}bind: 127\.0\.0\.1\n\+ memoryMiB: 256$/);
    assert.match(second[1]?.what ?? '', /^traffic of http:\/\/127\.0\.0\.1:\d+$/);
    assert.equal(second[1]?.diff, '- revision 1\n+ revision 2');
  });

  it('gives a canary its traffic in steps, without a gap', async () => {
    const url = addressOf(await deploy(target, iris, deployTask()));
    const traffic = sendTraffic(url);
    const canary = { steps: [20, 60], watchSeconds: 2, maxErrorRate: 0.01, maxSlower: 10 };
    const states = new Set<string>();
    const task = deployTask();
    task.report = (words) => {
      if (/ for 2 s$/.test(words))
        setTimeout(() => void stateOf(target).then((state) => states.add(state)), 1500);
    };
    const told: string[] = [];
    task.onStep = (step, state, detail) => void told.push(`${step} ${state} ${detail ?? ''}`);
    const release = await deploy(target, { ...iris, canary }, task);
    assert.equal(release.state, 'serving');
    assert.deepEqual([...states], ['2 canary ready, 1 serving ready']);
    assert.match(
      told.at(-1) ?? '',
      /^traffic done 20 %: \d+ requests, 0 failed, p95 \S+ ms; 60 %: \d+ requests, 0 failed, .*; revision 2 of iris serves at /,
    );
    const answered = await traffic.stop();
    assert.ok((answered['r1'] ?? 0) > 100 && (answered['r2'] ?? 0) > 100, JSON.stringify(answered));
  });

  it('cancelled in the middle of a canary gives all traffic back, without a gap', async () => {
    const url = addressOf(await deploy(target, iris, deployTask()));
    const traffic = sendTraffic(url);
    const controller = new AbortController();
    const task = deployTask(undefined, controller.signal);
    task.report = (words) => {
      if (/ for 30 s$/.test(words)) setTimeout(() => controller.abort(), 1500);
    };
    const canary = { steps: [50], watchSeconds: 30, maxErrorRate: 0.01, maxSlower: 10 };
    await assert.rejects(deploy(target, { ...iris, canary }, task), { name: 'AbortError' });
    assert.equal(await stateOf(target), '1 serving ready');
    const answered = await traffic.stop();
    assert.ok((answered['r2'] ?? 0) > 20, JSON.stringify(answered));
  });

  it('that dies in the middle of its canary gives all traffic back, without a gap', async () => {
    const url = addressOf(await deploy(target, iris, deployTask()));
    const traffic = sendTraffic(url);
    const task = deployTask();
    task.report = (words) => {
      if (/ for 30 s$/.test(words))
        setTimeout(
          () =>
            void docker
              .getContainer(`slipway-${name}.iris-r2`)
              .update({ RestartPolicy: { Name: 'no' } })
              .then(() => docker.getContainer(`slipway-${name}.iris-r2`).stop()),
          1500,
        );
    };
    const canary = { steps: [50], watchSeconds: 30, maxErrorRate: 0.01, maxSlower: 10 };
    await assert.rejects(deploy(target, { ...iris, canary }, task), {
      code: 'canary-failed',
      message: /^Revision 2 of iris did not stand its trial: it does not answer any more\./,
    });
    assert.equal(await stateOf(target), '1 serving ready');
    await traffic.stop();
  });

  it('that does not bear its load gets no traffic', async () => {
    await deploy(target, iris, deployTask());
    const load = { seconds: 1, connections: 2, maxP95Ms: 0.001 };
    await assert.rejects(deploy(target, { ...iris, load }, deployTask()), {
      code: 'verify-failed',
      message: /^Revision 2 of iris is too slow: \d+ predictions\/s, p95 \S+ ms; 0\.001 ms are allowed\./,
    });
    assert.equal(await stateOf(target), '1 serving ready');
  });

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

  for (const step of ['candidate', 'verify', 'traffic'] as const) {
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
      assert.equal((await finishDeploy(target, left, iris, deployTask())).state, 'serving');
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
