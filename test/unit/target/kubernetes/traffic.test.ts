import assert from 'node:assert/strict';
import { deploy } from '../../../../src/core/release/deploy';
import type { Release, Target } from '../../../../src/core/target/target';
import { KubernetesApi } from '../../../host/kubernetesApi';
import {
  deployTask,
  predict,
  sendTraffic,
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

async function releaseOf(revision: number): Promise<Release> {
  const found = (await target.list(taskOf().signal)).find((release) => release.revision === revision);
  return found ?? assert.fail(`there is no revision ${revision}`);
}

/** How 60 predictions on new connections are divided. */
async function answeredBy(url: string): Promise<Record<string, number>> {
  const answered: Record<string, number> = {};
  for (let count = 0; count < 60; count++) {
    const revision = await predict(url);
    answered[revision] = (answered[revision] ?? 0) + 1;
  }
  return answered;
}

function selector(): Record<string, string> {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-member-access
  return api.store.get(api.kind('Service'), 'models', 'iris').spec.selector as Record<string, string>;
}

describe('the traffic of a model in a Kubernetes cluster', () => {
  before(async () => (iris = await subjectOf('iris')));
  afterEach(async () => {
    target.dispose();
    await api.stop();
  });

  describe('without a Gateway', () => {
    beforeEach(async () => {
      api = await KubernetesApi.start();
      target = targetOf(api);
    });

    it('is divided by numbers of pods, and comes back, without a gap', async () => {
      const { stableUrl = '' } = await serve(target, iris);
      const candidate = await startCandidate(target, { ...iris, note: 'second' });
      assert.deepEqual([candidate.state, candidate.traffic], ['candidate', 0]);
      const traffic = sendTraffic(stableUrl);
      const canary = await target.setTraffic?.(candidate, 50, taskOf());
      assert.deepEqual([canary?.state, canary?.traffic], ['canary', 50]);
      assert.deepEqual([(await releaseOf(1)).state, (await releaseOf(1)).traffic], ['serving', 50]);
      const shared = await answeredBy(stableUrl);
      assert.ok((shared['r1'] ?? 0) > 10 && (shared['r2'] ?? 0) > 10, JSON.stringify(shared));

      const back = await target.setTraffic?.(candidate, 0, taskOf());
      assert.deepEqual([back?.state, back?.traffic], ['candidate', 0]);
      assert.equal((await releaseOf(1)).traffic, 100);
      assert.deepEqual(await answeredBy(stableUrl), { r1: 60 });
      await traffic.stop();
    });

    it('reports the percentage that results', async () => {
      await serve(target, iris);
      const candidate = await startCandidate(target, iris);
      const canary = await target.setTraffic?.(candidate, 10, taskOf());
      assert.equal(canary?.traffic, 50);
      await target.promote(candidate, taskOf());
      assert.equal(await stateOf(target), '2 serving ready, 1 retired stopped');
      assert.equal(selector()['dev.slipway.revision'], '2');
      assert.equal(selector()['dev.slipway.pool'], undefined);
    });

    it('is divided with a bounded number of servers, and what results is said: in the plan, in the words, and in the proof', async () => {
      const canary = { steps: [10, 95], watchSeconds: 0.2, maxErrorRate: 1, maxSlower: 100 };
      const said: string[] = [];
      const task = { ...deployTask(), report: (words: string) => void said.push(words) };
      await serve(target, iris);
      const dividing = targetOf(api, { canary });
      const planned = (await dividing.plan(iris, taskOf())).map(({ what }) => what);
      assert.ok(
        planned.includes(
          'traffic of iris in parts: 10 % is 50 % (1 server beside 1), 95 % is 80 % (4 servers beside 1)',
        ),
        planned.join('\n'),
      );
      const { release } = await deploy(dividing, { ...iris, canary }, task);
      dividing.dispose();
      assert.match(release.proof ?? '', /; 50 % \(10 % were asked for\): .*; 80 % \(95 % were asked for\): /);
      assert.ok(
        said.includes('Starting 4 of revision 2 of iris beside 1: 80 % of the traffic, not 95 %'),
        said.join('\n'),
      );
      assert.ok(said.includes('80 % of the traffic for 0.2 s'), said.join('\n'));
    });

    it('is read from the Service, whoever changed it', async () => {
      await serve(target, iris);
      await startCandidate(target, iris);
      const change = { spec: { selector: { ...selector(), 'dev.slipway.revision': '2' } } };
      api.store.update(
        api.kind('Service'),
        'models',
        'iris',
        // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment
        (service) => ({ ...(service as object), spec: { ...service.spec, ...change.spec } }),
        { manager: 'kubectl-edit' },
      );
      assert.equal((await releaseOf(2)).state, 'serving');
      assert.equal((await releaseOf(1)).traffic, 0);
      await target.promote(await releaseOf(1), taskOf());
      assert.equal((await releaseOf(1)).state, 'serving');
    });

    it('takes one canary at a time, and none where nothing serves', async () => {
      const first = await startCandidate(target, iris);
      await assert.rejects(Promise.resolve(target.setTraffic?.(first, 10, taskOf())), {
        code: 'release-missing',
      });
      await target.promote(first, taskOf());
      const second = await startCandidate(target, iris);
      const third = await startCandidate(target, iris);
      await target.setTraffic?.(second, 50, taskOf());
      await assert.rejects(Promise.resolve(target.setTraffic?.(third, 10, taskOf())), {
        code: 'cluster-refused',
        message: /revision 2 of iris has a part of the traffic already/i,
      });
      await assert.rejects(target.fail(second, 'no reason', taskOf()), {
        message: /By now revision 2 of iris serves/,
      });
    });

    it('goes to a release that was stopped, when its pods are ready again', async () => {
      const { stableUrl = '' } = await serve(target, iris);
      for (let count = 0; count < 5; count++) await serve(target, iris);
      assert.equal(
        await stateOf(target),
        '6 serving ready, 5 retired stopped, 4 retired stopped, 3 retired stopped',
      );
      const traffic = sendTraffic(stableUrl);
      await target.promote(await releaseOf(4), taskOf());
      assert.deepEqual(Object.keys(await traffic.stop()).sort(), ['r4', 'r6']);
      assert.equal((await serve(target, iris)).revision, 7);
    });

    it('is borne by as many servers as asked for', async () => {
      const release = await serve(target, iris);
      await target.scale?.(release, 2, taskOf());
      assert.equal((await releaseOf(1)).replicas?.wanted, 2);
      await assert.rejects(Promise.resolve(target.scale?.(await releaseOf(1), 0, taskOf())), {
        code: 'cluster-refused',
      });
    });
  });

  describe('with a Gateway', () => {
    beforeEach(async () => {
      api = await KubernetesApi.start({ addOns: ['gateway'] });
      target = targetOf(api, { gateway: { name: 'public', host: 'iris.example.com' } });
    });

    it('is divided by weights', async () => {
      const { stableUrl = '' } = await serve(target, iris);
      const candidate = await startCandidate(target, iris);
      const traffic = sendTraffic(stableUrl);
      const canary = await target.setTraffic?.(candidate, 12.5, taskOf());
      assert.deepEqual([canary?.state, canary?.traffic], ['canary', 12.5]);
      assert.equal((await releaseOf(1)).traffic, 87.5);
      // eslint-disable-next-line @typescript-eslint/no-unsafe-member-access
      const [rule] = api.store.get(api.kind('HTTPRoute'), 'models', 'iris').spec.rules as {
        backendRefs: object[];
      }[];
      assert.deepEqual(rule?.backendRefs, [
        { name: 'iris-r1', port: 80, weight: 875 },
        { name: 'iris-r2', port: 80, weight: 125 },
      ]);
      await target.setTraffic?.(candidate, 50, taskOf());
      const shared = await answeredBy(stableUrl);
      assert.ok((shared['r1'] ?? 0) > 10 && (shared['r2'] ?? 0) > 10, JSON.stringify(shared));
      await target.promote(candidate, taskOf());
      await traffic.stop();
      assert.deepEqual(await answeredBy(stableUrl), { r2: 60 });
      assert.equal(await stateOf(target), '2 serving ready, 1 retired stopped');
    });

    it('is where it was when the route can not be written', async () => {
      await serve(target, iris);
      const candidate = await startCandidate(target, iris);
      api.users.set('test-token', {
        name: 'ada',
        denied: (verb, resource) => resource === 'httproutes' && verb === 'patch',
      });
      await assert.rejects(target.promote(candidate, taskOf()), {
        code: 'cluster-denied',
        message: /ada may not patch httproutes\.gateway\.networking\.k8s\.io in the namespace models/,
      });
      api.users.set('test-token', { name: 'ada' });
      assert.equal(await stateOf(target), '2 candidate ready, 1 serving ready');
      assert.equal(selector()['dev.slipway.revision'], '1');
    });

    it('leaves nothing with the last release', async () => {
      const release = await serve(target, iris);
      assert.deepEqual(api.names(), [
        'Deployment iris-r1',
        'HTTPRoute iris',
        'PodDisruptionBudget iris',
        'Service iris',
        'Service iris-r1',
      ]);
      assert.deepEqual(await target.remove(release, taskOf()), []);
      assert.deepEqual(api.names(), []);
    });
  });
});
