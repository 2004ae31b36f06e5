import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { rollBack } from '../../../../src/core/release/rollBack';
import type { Target } from '../../../../src/core/target/target';
import { KubernetesApi } from '../../../host/kubernetesApi';
import type { Failure } from '../../../host/kubernetes/podRunner';
import {
  beginRemoval,
  eventually,
  predict,
  serve,
  startCandidate,
  stateOf,
  subjectOf,
  targetOf,
  taskOf,
  type Subject,
} from './support';

let api: KubernetesApi;
let target: Target;
let iris: Subject;

/** Pods that never run, and what is said of them. */
const hopeless: [Failure, RegExp][] = [
  [
    { kind: 'ImagePullBackOff', message: 'Back-off pulling image "registry.test/models/iris"' },
    /does not start\. The cluster can not pull its image: Back-off pulling image "registry\.test\/models\/iris"\./,
  ],
  [
    { kind: 'ErrImagePull', message: 'failed to pull: 401 Unauthorized' },
    /The cluster can not pull its image: failed to pull: 401 Unauthorized\./,
  ],
  [
    { kind: 'CreateContainerConfigError', message: 'secret "token" not found' },
    /Its container can not be made: secret "token" not found\./,
  ],
];

/** What the cluster warns of before there is a container, and what is said of it. */
const warned: [string, string, string][] = [
  [
    'FailedCreatePodSandBox',
    'plugin type="calico" failed',
    'Its node can not make room for its pod: plugin type="calico" failed.',
  ],
  [
    'FailedMount',
    'configmap "x" not found',
    'A volume of its pod can not be mounted: configmap "x" not found.',
  ],
];

describe('a release in a Kubernetes cluster that is not well', () => {
  before(async () => (iris = await subjectOf('iris')));
  beforeEach(async () => {
    api = await KubernetesApi.start();
    target = targetOf(api);
  });
  afterEach(async () => {
    target.dispose();
    await api.stop();
  });

  for (const [failure, words] of hopeless) {
    it(`says so when it is ${failure.kind}, and leaves nothing`, async () => {
      api.failures.set('iris-r1', failure);
      await assert.rejects(startCandidate(target, iris), { code: 'endpoint-not-ready', message: words });
      assert.deepEqual(api.names(), []);
    });
  }

  it('that needs too much memory is told from one that crashes', async () => {
    api.failures.set('iris-r1', { kind: 'OOMKilled' });
    const started = await startCandidate(target, iris).then(
      (release) => release.detail,
      (error: Error) => error.message,
    );
    const words = /it needed more memory than "resources\.limits\.memory" allows/;
    if (started?.match(words)) return;
    const detail = await eventually(async () => {
      const [release] = await target.list(taskOf().signal);
      return release?.detail;
    });
    assert.match(detail, words);
  });

  for (const [reason, message, words] of warned) {
    it(`says what the cluster warns of while nothing runs: ${reason}`, async () => {
      api.failures.set('iris-r1', { kind: 'Event', reason, message });
      const controller = new AbortController();
      const reports: string[] = [];
      const report = (line: string) => void reports.push(line);
      const starting = startCandidate(target, iris, { signal: controller.signal, report });
      starting.catch(() => undefined);
      await eventually(() => reports.some((line) => line.includes(words)));
      const [waiting] = await target.list(taskOf().signal);
      assert.deepEqual([waiting?.health, waiting?.detail], ['starting', words]);
      const denied = (_: string, resource: string) => resource === 'events';
      api.users.set('test-token', { name: 'eve', denied });
      assert.equal((await target.list(taskOf().signal))[0]?.detail, undefined);
      api.users.set('test-token', { name: 'ada' });
      assert.equal((await target.list(taskOf().signal))[0]?.detail, words);
      over('iris-r1');
      assert.equal((await target.list(taskOf().signal))[0]?.detail, undefined);
      controller.abort();
      await assert.rejects(starting, { name: 'AbortError' });
    });
  }

  it('whose image could not be pulled once is waited for', async () => {
    const message = 'rpc error: code = Unknown desc = failed to pull and unpack image: TLS handshake timeout';
    api.failures.set('iris-r1', { kind: 'ErrImagePull', message, once: true });
    assert.equal((await serve(target, iris)).health, 'ready');
  });

  it('whose image can not be pulled says why also where the cluster only says that it waits', async () => {
    const message = 'Back-off pulling image "registry.test/models/iris"';
    api.failures.set('iris-r1', {
      kind: 'ImagePullBackOff',
      message,
      event: 'Failed to pull image: no such host',
    });
    await assert.rejects(startCandidate(target, iris), {
      message:
        /Back-off pulling image "registry\.test\/models\/iris"\. Its pod can not be started: Failed to pull image: no such host\./,
    });
  });

  it('whose image is for other machines says so', async () => {
    api.failures.set('iris-r1', { kind: 'ExecFormat' });
    await assert.rejects(
      startCandidate(target, iris).then(() => untilStopped()),
      {
        message:
          /: exec format error\nIts image is made for other machines than its node: "platform" of the target says for which\./,
      },
    );
  });

  it('whose rest can not be removed says what is left behind', async () => {
    api.failures.set('iris-r1', { kind: 'CreateContainerConfigError', message: 'no secret' });
    api.users.set('test-token', { name: 'eve', denied: (verb) => verb === 'delete' });
    await assert.rejects(startCandidate(target, iris), {
      code: 'endpoint-not-ready',
      message: /no secret\.\nLeft behind: Deployment iris-r1 could not be removed: .*cannot delete/,
    });
    const controller = new AbortController();
    const reports: string[] = [];
    const report = (words: string) => {
      reports.push(words);
      if (words.startsWith('Waiting')) controller.abort();
    };
    api.failures.set('iris-r2', { kind: 'Unschedulable', message: 'no room' });
    const starting = startCandidate(target, iris, { signal: controller.signal, report });
    await assert.rejects(starting, { name: 'AbortError' });
    assert.match(reports.at(-1) ?? '', /^Left behind: Deployment iris-r2 could not be removed: /);
  });

  it('and was left by a killed deploy has failed', async () => {
    api.failures.set('iris-r1', { kind: 'Unschedulable', message: 'no room' });
    const controller = new AbortController();
    api.users.set('test-token', { name: 'eve', denied: (verb) => verb === 'delete' });
    const starting = startCandidate(target, iris, taskOf(controller.signal));
    await eventually(() => api.pods('iris-r1').length > 0);
    controller.abort();
    await assert.rejects(starting, { name: 'AbortError' });
    api.users.set('test-token', { name: 'ada' });
    assert.equal(await stateOf(target), '1 candidate starting');
    api.failures.set('iris-r1', { kind: 'CreateContainerConfigError', message: 'no secret' });
    api.controller.removePod('models', api.pods('iris-r1')[0]?.metadata.name ?? '');
    await eventually(async () => (await stateOf(target)) === '1 failed stopped');
    const [release] = await target.list(taskOf().signal);
    assert.ok(release);
    assert.match(release.detail ?? '', /no secret/);
    assert.deepEqual(await target.remove(release, taskOf()), []);
  });

  /** The node goes on with the pod of a Deployment. */
  function over(deployment: string): void {
    const [pod] = api.pods(deployment);
    const body = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${deployment}.pulling` },
      ...{ involvedObject: { name: pod?.metadata.name ?? '' }, type: 'Normal', reason: 'Pulling' },
      lastTimestamp: new Date(Date.now() + 1000).toISOString(),
    };
    api.store.create(api.kind('Event'), 'models', body, { manager: 'kubelet' });
  }

  /** Rejects with what is said of a release that has ended. */
  async function untilStopped(): Promise<never> {
    const detail = await eventually(async () => (await target.list(taskOf().signal))[0]?.detail);
    throw new Error(detail);
  }

  it("that no node takes shows the scheduler's words while it waits, and leaves nothing when it is cancelled", async () => {
    const message = '0/3 nodes are available: 3 Insufficient memory.';
    api.failures.set('iris-r1', { kind: 'Unschedulable', message });
    const controller = new AbortController();
    const reports: string[] = [];
    const starting = startCandidate(target, iris, {
      signal: controller.signal,
      report: (words) => void reports.push(words),
    });
    await eventually(() => reports.some((words) => words.includes(`No node takes its pod: ${message}`)));
    const [waiting] = await target.list(taskOf().signal);
    assert.equal(waiting?.health, 'starting');
    assert.equal(waiting?.detail, `No node takes its pod: ${message}`);
    controller.abort();
    await assert.rejects(starting, { name: 'AbortError' });
    assert.deepEqual(api.names(), []);
  });

  it('that crashes while it serves shows the last lines of its log', async () => {
    await serve(target, iris);
    const [pod] = api.pods('iris-r1');
    assert.ok(pod);
    api.controller.runnerOf('models', pod.metadata.name)?.kill();
    const found = await eventually(async () => {
      const [release] = await target.list(taskOf().signal);
      return release?.health === 'ready' ? undefined : release;
    });
    assert.equal(found.state, 'serving');
    assert.match(found.detail ?? '', /^Its server (ends again and again|ended|was started again).*137/);
    assert.match(found.detail ?? '', /Serving iris at/);
  });

  it('one of two servers going leaves the other, and the next connection goes to it', async () => {
    const two = targetOf(api, { replicas: 2 });
    const { stableUrl } = await serve(two, iris);
    assert.equal(await predict(stableUrl ?? ''), 'r1');
    const [first] = api.pods('iris-r1');
    assert.ok(first);
    api.controller.removePod('models', first.metadata.name);
    for (let count = 0; count < 20; count++) {
      assert.equal(await predict(stableUrl ?? ''), 'r1');
      await sleep(30);
    }
    two.dispose();
  });

  it('with a pod that no node takes is degraded, and says how many are ready', async () => {
    const two = targetOf(api, { replicas: 2 });
    await serve(two, iris);
    api.failures.set('iris-r1', { kind: 'Unschedulable', message: 'no room' });
    const [first] = api.pods('iris-r1');
    api.controller.removePod('models', first?.metadata.name ?? '');
    const found = await eventually(async () => {
      const [release] = await two.list(taskOf().signal);
      return release?.detail === undefined ? undefined : release;
    });
    assert.deepEqual([found.state, found.health], ['serving', 'degraded']);
    assert.deepEqual(found.replicas, { ready: 1, wanted: 2 });
    assert.equal(found.detail, '1 of 2 servers are ready. No node takes its pod: no room.');
    two.dispose();
  });

  it('is being deleted until it is gone, and nothing goes back to it', async () => {
    await serve(target, iris);
    await serve(target, iris);
    beginRemoval(api, 'Deployment', 'iris-r1');
    assert.equal(await stateOf(target), '2 serving ready, 1 retired deleting');
    const [, release] = await target.list(taskOf().signal);
    assert.equal(release?.url, undefined);
    await assert.rejects(rollBack(target, 'iris', taskOf()), { code: 'release-missing' });
    api.store.remove(api.kind('Deployment'), 'models', 'iris-r1');
    assert.equal(await stateOf(target), '2 serving ready');
  });

  it('with a pod that only has to load its model says how many are ready', async () => {
    const two = targetOf(api, { replicas: 2 });
    await serve(two, iris);
    const [, second] = api.pods('iris-r1');
    api.controller.removePod('models', second?.metadata.name ?? '');
    const seen: (string | undefined)[] = [];
    await eventually(async () => {
      const [release] = await two.list(taskOf().signal);
      if (release?.replicas?.ready === 1) seen.push(release.detail);
      return release?.replicas?.ready === 2;
    });
    assert.ok(seen.includes('1 of 2 servers are ready.'), seen.join());
    assert.equal((await two.list(taskOf().signal))[0]?.detail, undefined);
    two.dispose();
  });

  it('has a log of all its pods that goes on with the pods that come', async () => {
    const { stableUrl } = await serve(target, iris);
    assert.ok(stableUrl);
    const [release] = await target.list(taskOf().signal);
    assert.ok(release);
    const controller = new AbortController();
    let text = '';
    const reading = (async () => {
      for await (const piece of target.logs(release, controller.signal)) text += piece;
    })();
    await eventually(() => text.includes('Serving iris at'));
    const [pod] = api.pods('iris-r1');
    api.controller.removePod('models', pod?.metadata.name ?? '');
    await eventually(() => text.split('Serving iris at').length === 3);
    controller.abort();
    await reading;
    assert.equal(text.match(/Stopping: what came in/g)?.length ?? 0, 1, text);
  });

  it('removed by somebody else is missed in words', async () => {
    const release = await serve(target, iris);
    api.store.remove(api.kind('Deployment'), 'models', 'iris-r1');
    await assert.rejects(target.promote(release, taskOf()), {
      code: 'release-missing',
      message: 'There is no revision 1 of iris on staging any more.',
    });
  });
});
