import assert from 'node:assert/strict';
import { describeConformance } from '../../targets/conformance';
import { locateEngine } from '../../../src/core/docker/engineLocation';
import { inspectModel } from '../../../src/core/model/inspectModel';
import { hashModel } from '../../../src/core/model/hashModel';
import {
  deploy as runDeploy,
  type Deployment,
  type DeployStep,
  type DeployTask,
} from '../../../src/core/release/deploy';
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
import { freePort } from '../../host/freePort';
import { Relay } from '../../host/relay';
import { hostileModel } from '../../unit/fixtures';

const name = 'release-test';
const place = 'conformance-test';
let relay: Relay;
let target: Target;
let iris: Subject;

function deployTask(onStep?: (step: DeployStep) => void, signal?: AbortSignal): DeployTask {
  return { ...taskOf(signal), onStep: (step, state) => state === 'running' && onStep?.(step) };
}

/** A new revision, also of what serves already. */
async function deploy(to: Target, deployment: Deployment, task: DeployTask): Promise<Release> {
  return (await runDeploy(to, { ...deployment, anyway: true }, task)).release;
}

function addressOf({ stableUrl }: Release): string {
  assert.ok(stableUrl);
  return stableUrl;
}

describeConformance('a Docker engine', {
  target: () => targetOf(place),
  changed: () => targetOf(place, { memoryMiB: 256 }),
  broken: [
    {
      why: 'no engine answers',
      target: () => targetOf(place, { host: 'tcp://127.0.0.1:9' }),
      code: 'engine-unreachable',
    },
  ],
  remote: {
    target: () => targetOf(place, { host: `tcp://127.0.0.1:${relay.port}` }),
    cut: () => relay.cut(),
    mend: () => relay.mend(),
    code: 'engine-unreachable',
  },
  deployment: () => iris,
  leftovers: () => leftoversOf(place),
  cleanUp: () => cleanUp(place),
  endServer: async (revision) => {
    const container = docker.getContainer(`slipway-${place}.iris-r${revision}`);
    await container.update({ RestartPolicy: { Name: 'no' } });
    await container.stop();
  },
  child: [process.execPath, '--import', 'tsx', 'test/docker/release/deployInChild.ts', place],
  before: async () => {
    iris = await subjectOf('iris');
    const { protocol, pathname, hostname, port } = new URL(locateEngine('').address);
    relay = await Relay.start(
      protocol === 'unix:' ? { path: pathname } : { host: hostname, port: Number(port) },
    );
    await cleanUp(place);
  },
  after: () => {
    relay.cut();
    return Promise.resolve();
  },
});

describe('deploying to a Docker engine', () => {
  before(async () => {
    iris = await subjectOf('iris');
    await cleanUp(name);
  });
  beforeEach(() => {
    target = targetOf(name);
  });
  afterEach(() => cleanUp(name));

  it('takes a stable port that slipway.json names by now, also where nothing else is new', async () => {
    await deploy(target, iris, deployTask());
    const port = await freePort();
    const moved = targetOf(name, { ports: { iris: port } });
    const { release, unchanged } = await runDeploy(moved, iris, deployTask());
    assert.equal(unchanged, false);
    assert.equal(addressOf(release), `http://127.0.0.1:${port}`);
    assert.equal((await predict(addressOf(release))).revision, 'r1');
    assert.equal(await stateOf(moved), '1 serving ready');
    assert.equal((await runDeploy(moved, iris, deployTask())).unchanged, true);
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

  it('takes the traffic back from a canary on which requests fail that did not fail before', async function () {
    this.timeout(60_000);
    const subject = async (file: string): Promise<Deployment> => {
      const path = `test/unit/server/models/${file}.onnx`;
      const { signature } = await inspectModel(path);
      return {
        model: { name: 'lookup', path, hash: await hashModel(path) },
        signature,
        samples: [],
        note: file,
      };
    };
    const url = addressOf(await deploy(target, await subject('tolerant'), deployTask()));
    const ask = (index: number) =>
      fetch(`${url}/predict`, { method: 'POST', body: JSON.stringify({ inputs: { index: [index] } }) }).then(
        (reply) => reply.arrayBuffer(),
      );
    const asking = setInterval(
      () => void Promise.all([0, 1, 2, 3, 4, 5].map(ask)).catch(() => undefined),
      50,
    );
    try {
      const canary = { steps: [50], watchSeconds: 30, maxErrorRate: 0.01, maxSlower: 10 };
      await assert.rejects(deploy(target, { ...(await subject('picky')), canary }, deployTask()), {
        code: 'canary-failed',
        message:
          /^Revision 2 of lookup did not stand its trial: \d+ of \d+ requests failed \(\S+ %; 1 % may, 0 % fail with the release before\)/,
      });
    } finally {
      clearInterval(asking);
    }
    assert.equal(await stateOf(target), '1 serving ready');
    assert.equal(
      (await fetch(`${url}/predict`, { method: 'POST', body: '{"inputs":{"index":[5]}}' })).status,
      200,
    );
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
