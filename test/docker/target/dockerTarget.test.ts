import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
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
} from './support';

const name = 'target-test';
let target: Target;
let iris: Subject;

async function release(revision: number): Promise<Release> {
  const found = (await target.list(taskOf().signal)).find((each) => each.revision === revision);
  assert.ok(found, `there is no revision ${revision}`);
  return found;
}

async function promoted(): Promise<Release> {
  return target.promote(await startCandidate(target, iris), taskOf());
}

function addressOf({ stableUrl }: Release): string {
  assert.ok(stableUrl);
  return stableUrl;
}

describe('a Docker target', () => {
  before(async () => {
    iris = await subjectOf('iris');
    await cleanUp(name);
  });
  beforeEach(() => {
    target = targetOf(name);
  });
  afterEach(() => cleanUp(name));

  it('starts a candidate that is reached directly and has no traffic', async () => {
    const candidate = await startCandidate(target, { ...iris, note: 'with a note' });
    const { id, state, traffic, revision, note, author, model, digest, url, stableUrl } = candidate;
    assert.deepEqual(
      { id, state, traffic, revision, note, model, stableUrl },
      {
        id: `${name}/iris/1`,
        ...{ state: 'candidate', traffic: 0, revision: 1, note: 'with a note', stableUrl: undefined },
        model: iris.model,
      },
    );
    assert.match(author, /.+@.+/);
    assert.match(digest, /^sha256:[0-9a-f]{64}$/);
    assert.ok(url?.startsWith('http://127.0.0.1:'));
  });

  it('holds the address while revisions come and go, without a failed request', async () => {
    const first = await promoted();
    const url = addressOf(first);
    assert.equal(await stateOf(target), '1 serving ready');
    assert.equal((await predict(url)).revision, 'r1');

    const traffic = sendTraffic(url);
    const second = await promoted();
    assert.equal(addressOf(second), url);
    assert.equal(await stateOf(target), '2 serving ready, 1 retired stopped');
    await target.promote(await release(1), taskOf());
    assert.equal(await stateOf(target), '2 retired stopped, 1 serving ready');
    const answered = await traffic.stop();
    assert.ok((answered['r1'] ?? 0) > 50 && (answered['r2'] ?? 0) > 50, JSON.stringify(answered));
    const version = await (await fetch(`${url}/v2/models/iris`)).text();
    assert.match(version, /"versions":\["1"\]/);
  });

  it('looks the same to every window, and to one that starts later', async () => {
    await promoted();
    await startCandidate(target, iris);
    const other = targetOf(name);
    while ((await release(2)).health !== 'ready') await sleep(50);
    assert.deepEqual(await other.list(taskOf().signal), await target.list(taskOf().signal));
    assert.equal(await stateOf(other), '2 candidate ready, 1 serving ready');
  });

  it('keeps the last three retired releases and removes older ones', async () => {
    for (let count = 0; count < 5; count++) await promoted();
    assert.equal(
      await stateOf(target),
      '5 serving ready, 4 retired stopped, 3 retired stopped, 2 retired stopped',
    );
  });

  it('gives two deploys at the same time numbers of their own, and one of them the traffic', async () => {
    const other = targetOf(name);
    const [one, two] = await Promise.all([startCandidate(target, iris), startCandidate(other, iris)]);
    assert.deepEqual([one.revision, two.revision].sort(), [1, 2]);
    await Promise.all([target.promote(one, taskOf()), other.promote(two, taskOf())]);
    const states = (await target.list(taskOf().signal))
      .map(({ state, health }) => `${state} ${health}`)
      .sort();
    assert.deepEqual(states, ['retired stopped', 'serving ready']);
    assert.deepEqual(
      (await leftoversOf(name)).filter((left) => left.endsWith('-lock')),
      [],
    );
  });

  it('waits for no lock that a killed window left behind', async () => {
    const candidate = await startCandidate(target, iris);
    const lock = await docker.createContainer({
      name: `slipway-${name}.iris-lock`,
      Image: candidate.digest,
      Labels: { 'dev.slipway.kind': 'lock', 'dev.slipway.target': name },
    });
    const waits = new Promise<void>((resolve, reject) => {
      const report = (words: string) => words.startsWith('Waiting until another') && resolve();
      target.promote(candidate, { ...taskOf(), report }).catch(reject);
    });
    await waits;
    assert.equal((await release(1)).state, 'candidate');
    await lock.remove();
    for (let tries = 0; (await release(1)).state !== 'serving'; tries++) {
      assert.ok(tries < 100);
      await sleep(100);
    }
  });

  it('goes on after its proxy was killed, and after a release was', async () => {
    const serving = await promoted();
    await promoted();
    const url = addressOf(serving);
    const killed = async (container: string) => {
      const { State } = await docker.getContainer(container).inspect();
      process.kill(State.Pid, 'SIGKILL');
      await sleep(100);
      for (let tries = 0; ; tries++) {
        const answer = await predict(url).catch(() => undefined);
        if (answer?.status === 200) return answer.revision;
        assert.ok(tries < 100, `${container} does not come back`);
        await sleep(100);
      }
    };
    assert.equal(await killed(`slipway-${name}.iris-proxy`), 'r2');
    assert.equal(await killed(`slipway-${name}.iris-r2`), 'r2');
  });

  it('says that the proxy is stopped, and starts it with a promotion', async () => {
    const serving = await promoted();
    await docker.getContainer(`slipway-${name}.iris-proxy`).stop();
    assert.match((await release(1)).detail ?? '', /proxy .* does not run/);
    await target.promote(serving, taskOf());
    assert.equal((await predict(addressOf(serving))).status, 200);
    assert.equal((await release(1)).detail, undefined);
  });

  it('leads nobody to a release that the proxy does not reach', async () => {
    const serving = await promoted();
    const candidate = await startCandidate(target, iris);
    while ((await release(2)).health !== 'ready') await sleep(50);
    // It still answers at its own port, but is not in the network of the proxy any more.
    await docker.getNetwork('bridge').connect({ Container: `slipway-${name}.iris-r2` });
    await docker.getNetwork(`slipway-${name}`).disconnect({ Container: `slipway-${name}.iris-r2` });
    const traffic = sendTraffic(addressOf(serving));
    await assert.rejects(target.promote(candidate, taskOf()), {
      code: 'engine-refused',
      message: /proxy of iris on target-test, .*, does not reach revision 2/,
    });
    assert.deepEqual(Object.keys(await traffic.stop()), ['r1']);
    assert.equal((await release(1)).state, 'serving');
    assert.equal((await release(2)).state, 'candidate');
  });

  it('names the port that is taken before anything is built, and at promotion', async () => {
    const program = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => program.once('listening', resolve));
    const { port } = program.address() as { port: number };
    target = targetOf(name, { ports: { iris: port } });
    const taken = {
      code: 'port-taken',
      message: `Port ${port}, the stable port of iris on ${name}, is taken by another program.`,
      next: new RegExp(`targets\\.${name}\\.ports\\.iris in slipway\\.json`),
    };
    await assert.rejects(target.check(iris, taskOf()), taken);
    const candidate = await startCandidate(target, iris);
    await assert.rejects(target.promote(candidate, taskOf()), taken);
    assert.equal(await stateOf(target), '1 candidate ready');
    await new Promise((resolve) => program.close(resolve));
    await target.check(iris, taskOf());
    const serving = await target.promote(candidate, taskOf());
    assert.equal(serving.stableUrl, `http://127.0.0.1:${port}`);
    await target.check(iris, taskOf());

    const rival = targetOf(`${name}-rival`, { ports: { iris: port } });
    await assert.rejects(rival.check(iris, taskOf()), {
      message: new RegExp(`is taken by the container slipway-${name}\\.iris-proxy`),
    });
  });

  it('moves the address when the configuration names another port', async () => {
    const { stableUrl } = await promoted();
    const probe = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.once('listening', resolve));
    const { port } = probe.address() as { port: number };
    await new Promise((resolve) => probe.close(resolve));
    target = targetOf(name, { ports: { iris: port } });
    const moved = await target.promote(await release(1), taskOf());
    assert.equal(moved.stableUrl, `http://127.0.0.1:${port}`);
    assert.notEqual(moved.stableUrl, stableUrl);
    assert.equal((await predict(addressOf(moved))).revision, 'r1');
    assert.equal(await stateOf(target), '1 serving ready');
  });

  it('says at the address that nobody serves, until another release is promoted', async () => {
    await promoted();
    const { stableUrl } = await promoted();
    assert.ok(stableUrl);
    const serving = await release(2);
    await assert.rejects(target.fail(serving, 'for a test', taskOf()), /By now revision 2 of iris serves/);
    assert.deepEqual(await target.remove(serving, taskOf()), []);
    const { status, body } = await predict(stableUrl);
    assert.equal(status, 503);
    assert.equal((JSON.parse(body) as { error: string }).error, 'No release is ready to answer.');
    assert.equal((await rollBack(target, 'iris', taskOf())).revision, 1);
    assert.equal((await predict(stableUrl)).revision, 'r1');
    assert.equal((await startCandidate(target, iris)).revision, 3);
  });

  it('leaves nothing after the last release', async () => {
    await promoted();
    await promoted();
    assert.deepEqual(await target.remove(await release(1), taskOf()), []);
    assert.equal(await stateOf(target), '2 serving ready');
    const last = await release(2);
    assert.deepEqual(await target.remove(last, taskOf()), []);
    assert.deepEqual(await leftoversOf(name), []);
    await assert.rejects(docker.getImage(last.digest).inspect(), { statusCode: 404 });
    await assert.rejects(target.remove(last, taskOf()), { code: 'release-missing' });
  });

  it('asks the engine to start a release again as slipway.json says', async () => {
    target = targetOf(name, { restart: 'no' });
    await target.promote(await startCandidate(target, iris), taskOf());
    const { HostConfig } = await docker.getContainer(`slipway-${name}.iris-r1`).inspect();
    assert.equal(HostConfig.RestartPolicy?.Name, 'no');
  });

  it('asks it to leave a release alone that is retired: an engine that starts would bring it back', async () => {
    target = targetOf(name, { restart: 'always' });
    await promoted();
    await promoted();
    const policy = async (revision: number) =>
      (await docker.getContainer(`slipway-${name}.iris-r${revision}`).inspect()).HostConfig.RestartPolicy
        ?.Name;
    assert.equal(await stateOf(target), '2 serving ready, 1 retired stopped');
    assert.deepEqual([await policy(1), await policy(2)], ['no', 'always']);
    await target.promote(await release(1), taskOf());
    assert.equal(await policy(1), 'always');
  });

  it('says before anything is built that the engine has no graphics processors', async () => {
    const wanting = targetOf(name, { gpus: 1 });
    await assert.rejects(wanting.check(iris, taskOf()), {
      code: 'config-invalid',
      message: /^target-test asks for graphics processors, but its engine has no runtime .*; it has .*runc/,
    });
  });

  it('shows why a candidate ended', async () => {
    const candidate = await startCandidate(target, iris);
    await docker.getContainer(`slipway-${name}.iris-r1`).kill();
    const { health, detail, state } = await release(candidate.revision);
    assert.deepEqual({ health, state }, { health: 'stopped', state: 'candidate' });
    assert.match(detail ?? '', /exit code 137/);
  });

  it('says of a release whose server ends again and again that it is degraded', async () => {
    await promoted();
    const container = docker.getContainer(`slipway-${name}.iris-r1`);
    const restarts = async () => (await container.inspect()).RestartCount;
    for (let count = 1; count <= 2; count++) {
      while ((await release(1)).url === undefined) await sleep(50);
      const ending = await container.exec({ Cmd: ['node', '-e', 'process.kill(-1, "SIGKILL")'] });
      await ending.start({});
      while ((await restarts()) < count) await sleep(50);
    }
    const { state, health, detail } = await release(1);
    assert.deepEqual({ state, health }, { state: 'serving', health: 'degraded' });
    assert.match(detail ?? '', /^Its server ends again and again.* has started it again 2 times\.$/);
  });

  it('runs releases without root, capabilities or a writable file system, on one address', async () => {
    await promoted();
    for (const container of [`slipway-${name}.iris-r1`, `slipway-${name}.iris-proxy`]) {
      const { Config, HostConfig, NetworkSettings } = await docker.getContainer(container).inspect();
      assert.equal(Config.User, '65534:65534');
      assert.deepEqual(HostConfig.CapDrop, ['ALL']);
      assert.equal(HostConfig.ReadonlyRootfs, !container.endsWith('proxy'));
      const published = Object.values(NetworkSettings.Ports).flat();
      assert.deepEqual(
        published.map(({ HostIp }) => HostIp),
        ['127.0.0.1'],
      );
    }
  });
});

describe('a Docker target whose engine is away', () => {
  it('says so in words', async () => {
    const away = targetOf('away-test', { host: 'tcp://127.0.0.1:9' });
    await assert.rejects(away.list(taskOf().signal), { code: 'engine-unreachable' });
    await assert.rejects(away.check(undefined, taskOf()), { code: 'engine-unreachable' });
  });
});
