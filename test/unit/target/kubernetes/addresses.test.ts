import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { deploy } from '../../../../src/core/release/deploy';
import type { KubernetesConfig } from '../../../../src/core/target/kubernetes/options';
import type { Release, Target } from '../../../../src/core/target/target';
import type { TaskContext } from '../../../../src/core/task';
import type { RouteCondition } from '../../../host/kubernetes/gateway';
import { KubernetesApi } from '../../../host/kubernetesApi';
import type { StoredObject } from '../../../host/kubernetes/store';
import {
  deployTask,
  eventually,
  serve,
  startCandidate,
  stateOf,
  subjectOf,
  targetOf,
  taskOf,
  type Subject,
} from './support';

/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment -- specs are read as JSON */

const gateway = { name: 'public', host: 'iris.example.com' };
const autoscale = { min: 1, max: 3, cpuPercent: 70 };

describe('what stands beside the stable address in a Kubernetes cluster', () => {
  let api: KubernetesApi;
  let iris: Subject;
  const targets: Target[] = [];

  before(async () => (iris = await subjectOf('iris')));
  beforeEach(async () => {
    api = await KubernetesApi.start({ addOns: ['prometheus', 'gateway'] });
    const apiVersion = 'gateway.networking.k8s.io/v1';
    const made = { apiVersion, kind: 'Gateway', metadata: { name: 'public' } };
    api.store.create(api.kind('Gateway'), 'models', made, { manager: 'test' });
  });
  afterEach(async () => {
    for (const target of targets.splice(0)) target.dispose();
    await api.stop();
  });

  /** The same target, as slipway.json has it by now. */
  function configured(
    config: Partial<KubernetesConfig> = {},
    name = 'staging',
    drainSeconds?: number,
  ): Target {
    const target = targetOf(api, config, name, drainSeconds);
    targets.push(target);
    return target;
  }

  /** All that is there but the Gateway, which is not Slipway's. */
  function names(): string[] {
    return api.names().filter((name) => name !== 'Gateway public');
  }

  function backends(): object[] {
    return stored('HTTPRoute').spec.rules[0].backendRefs as object[];
  }

  function stored(kind: string, name = 'iris'): StoredObject {
    return api.store.get(api.kind(kind), 'models', name);
  }

  it('leads to releases of the time before there was a Gateway', async () => {
    await serve(configured(), iris);
    const target = configured({ gateway });
    const candidate = await startCandidate(target, iris);
    await target.setTraffic?.(candidate, 10, taskOf());
    assert.deepEqual(backends(), [
      { name: 'iris-r1', port: 80, weight: 900 },
      { name: 'iris-r2', port: 80, weight: 100 },
    ]);
    const selected = stored('Service', 'iris-r1').spec.selector;
    assert.equal(selected['dev.slipway.revision'], '1');
    assert.equal(await stateOf(target), '2 canary ready, 1 serving ready');
  });

  it('goes when slipway.json asks for it no more, and a plan says so', async () => {
    const ingress = { host: 'iris.example.com' };
    await serve(configured({ ingress, autoscale, serviceMonitor: true }), iris);
    await serve(configured({ gateway }), iris);
    assert.deepEqual(names(), [
      'Deployment iris-r1',
      'Deployment iris-r2',
      'HTTPRoute iris',
      'PodDisruptionBudget iris',
      'Service iris',
      'Service iris-r2',
    ]);
    const plain = configured();
    const planned = await plain.plan(iris, taskOf());
    assert.deepEqual(
      planned.filter(({ action }) => action === 'remove').map(({ what }) => what),
      ['HTTPRoute iris', 'Service iris-r2'],
    );
    await serve(plain, iris);
    assert.deepEqual(
      names().filter((name) => !name.startsWith('Deployment')),
      ['PodDisruptionBudget iris', 'Service iris'],
    );
  });

  describe('has a host', () => {
    const digits = () => subjectOf('digits');

    it('of its own for each model, where the host names the model', async () => {
      const target = configured({ ingress: { host: '{model}.example.com' } });
      const planned = (await target.plan(iris, taskOf())).map(({ what }) => what);
      assert.ok(planned.includes('address http://iris.example.com/'), planned.join());
      await serve(target, iris);
      assert.equal(stored('Ingress').spec.rules[0].host, 'iris.example.com');
      await target.check(await digits(), taskOf());
      const chart = (await target.manifests?.(iris, `r/iris@sha256:${'a'.repeat(64)}`, 'helm')) ?? {};
      assert.match(chart['values.yaml'] ?? '', /host: iris\.example\.com/);
      const routed = configured({ gateway: { name: 'public', host: '{model}.models.example.com' } });
      await serve(routed, iris);
      assert.deepEqual(stored('HTTPRoute').spec.hostnames, ['iris.models.example.com']);
    });

    const shared: [string, Partial<KubernetesConfig>, RegExp][] = [
      [
        'an Ingress',
        { ingress: { host: 'models.example.com' } },
        /models\.example\.com is the address of iris/,
      ],
      [
        'a Gateway',
        { gateway: { ...gateway, host: 'a.example.com' } },
        /a\.example\.com is the address of iris/,
      ],
      [
        'a Gateway without a host',
        { gateway: { name: 'public' } },
        /Gateway public without a host leads to iris/,
      ],
    ];
    for (const [title, config, message] of shared) {
      it(`that no other model has: ${title}`, async () => {
        await serve(configured(config), iris);
        const other = configured(config);
        const refusal = { code: 'config-invalid', message };
        const task = deployTask();
        const steps: string[] = [];
        const onStep = (step: string) => void steps.push(step);
        await assert.rejects(deploy(other, await digits(), { ...task, onStep }), refusal);
        assert.deepEqual([...new Set(steps)], ['check']);
        await assert.rejects(other.plan(await digits(), taskOf()), refusal);
        await other.check(iris, taskOf());
      });
    }
  });

  describe('at a Gateway', () => {
    async function start(routes: (route: StoredObject) => RouteCondition[]): Promise<void> {
      await api.stop();
      api = await KubernetesApi.start({ addOns: ['gateway'], routes });
    }

    it('that refuses the route is told in words, and the traffic is where it was', async () => {
      let refuses = false;
      const message = 'No listener of the Gateway takes the host iris.example.com';
      await start(() => [
        refuses
          ? { type: 'Accepted', status: 'False', reason: 'NoMatchingListenerHostname', message }
          : { type: 'Accepted', status: 'True', reason: 'Accepted' },
      ]);
      const target = configured({ gateway });
      const first = await startCandidate(target, iris);
      refuses = true;
      const refusal = {
        code: 'cluster-refused',
        message: `The Gateway public does not take the route of iris: ${message}.`,
      };
      await assert.rejects(target.promote(first, taskOf()), refusal);
      assert.deepEqual(names(), ['Deployment iris-r1']);
      refuses = false;
      await target.promote(first, taskOf());
      const second = await startCandidate(target, iris);
      refuses = true;
      await assert.rejects(target.promote(second, taskOf()), refusal);
      assert.equal(await stateOf(target), '2 candidate ready, 1 serving ready');
    });

    it('that first does not find a Service which was just made is asked again', async () => {
      let found: boolean | undefined;
      await start(({ metadata: { name } }) => {
        if (found === undefined) setTimeout(() => lookAgain(name), 700);
        found ??= false;
        return [
          { type: 'Accepted', status: 'True', reason: 'Accepted' },
          { type: 'ResolvedRefs', status: found ? 'True' : 'False', reason: 'BackendNotFound' },
        ];
      });
      const lookAgain = (name: string) => {
        found = true;
        const change = (object: StoredObject) =>
          ({ ...object, metadata: { ...object.metadata, annotations: { touched: 'yes' } } }) as never;
        api.store.update(api.kind('HTTPRoute'), 'models', name, change, { manager: 'test' });
      };
      assert.equal((await serve(configured({ gateway }), iris)).state, 'serving');
      assert.equal(found, true);
    });

    it('that says nothing is not waited for longer than a few seconds', async () => {
      await start(() => []);
      assert.equal((await serve(configured({ gateway }), iris)).state, 'serving');
    });
  });

  describe('that somebody else made under its name', () => {
    function make(kind: string, spec: object, labels: Record<string, string> = {}): void {
      const { group, version } = api.kind(kind);
      const apiVersion = group === '' ? version : `${group}/${version}`;
      const object = { apiVersion, kind, metadata: { name: 'iris', labels }, spec } as never;
      api.store.create(api.kind(kind), 'models', object, { manager: 'kubectl' });
    }
    const ingress = { host: 'iris.example.com' };
    const all = { ingress, autoscale, serviceMonitor: true };
    const foreign: [string, object, Partial<KubernetesConfig>][] = [
      ['Ingress', { rules: [{ host: 'other.example.com' }] }, all],
      ['PodDisruptionBudget', { minAvailable: 1 }, {}],
      [
        'HorizontalPodAutoscaler',
        { scaleTargetRef: { kind: 'Deployment', name: 'other' }, maxReplicas: 2 },
        all,
      ],
      ['HTTPRoute', { hostnames: ['other.example.com'] }, { gateway }],
      ['ServiceMonitor', { endpoints: [], selector: {} }, all],
    ];

    for (const [kind, spec, config] of foreign) {
      it(`is not written over: ${kind}`, async () => {
        const candidate = await startCandidate(configured(), iris);
        make(kind, spec);
        const target = configured(config);
        const refusal = { code: 'cluster-refused', message: new RegExp(`an? ${kind} iris .* did not make`) };
        await assert.rejects(target.plan(iris, taskOf()), refusal);
        await assert.rejects(startCandidate(target, iris), refusal);
        await assert.rejects(target.promote(candidate, taskOf()), refusal);
        assert.deepEqual(names(), ['Deployment iris-r1', `${kind} iris`].sort());
        assert.deepEqual(stored(kind).metadata.labels, {});
      });
    }

    it('is not written over where it is of another target, or of another model', async () => {
      make('Ingress', { rules: [{ host: 'a' }] }, { 'dev.slipway.target': 'production' });
      await assert.rejects(startCandidate(configured({ ingress }), iris), {
        message: 'The Ingress iris in the namespace models belongs to the target production.',
      });
      const other = { ...iris, model: { ...iris.model, name: 'iris-r1' } };
      await startCandidate(configured({ gateway }), iris);
      await assert.rejects(startCandidate(configured({ gateway }), other), {
        message: 'The Service iris-r1 in the namespace models belongs to the model iris.',
      });
    });

    it('stays where nothing of its kind is asked for', async () => {
      make('Ingress', { rules: [{ host: 'other.example.com' }] });
      await serve(configured(), iris);
      assert.equal(stored('Ingress').spec.rules[0].host, 'other.example.com');
    });
  });

  describe('of a model that did not change', () => {
    async function again(config: Partial<KubernetesConfig>): Promise<[string, string]> {
      const words: string[] = [];
      const task = {
        ...deployTask(),
        onStep: (_: string, state: string, detail = '') => void words.push(`${state} ${detail}`),
      };
      const target = configured(config);
      const { release, unchanged } = await deploy(target, { ...iris, anyway: false }, task);
      const said = words.findLast((line) => line.startsWith('done')) ?? '';
      return [`r${release.revision} ${unchanged ? 'unchanged' : 'changed'}`, said];
    }
    const ingress = { host: 'iris.example.com' };

    it('is made, changed and removed as slipway.json says by now, without a new revision', async () => {
      await again({});
      assert.deepEqual((await again({}))[0], 'r1 unchanged');
      const [made, words] = await again({ ingress });
      assert.equal(made, 'r1 changed');
      assert.match(
        words,
        /^done revision 1 of iris serves this already; .*samples pass; create Ingress iris$/,
      );
      assert.equal(stored('Ingress').spec.rules[0].host, 'iris.example.com');
      assert.equal((await again({ ingress }))[0], 'r1 unchanged');
      assert.match((await again({ ingress: { host: 'other.example.com' } }))[1], /; change Ingress iris$/);
      assert.match(
        (await again({ gateway }))[1],
        /; create Service iris-r1, create HTTPRoute iris, remove Ingress iris$/,
      );
      assert.match((await again({}))[1], /; remove HTTPRoute iris, remove Service iris-r1$/);
      assert.deepEqual(names(), ['Deployment iris-r1', 'PodDisruptionBudget iris', 'Service iris']);
    });

    it('leaves the number of servers that somebody asked the autoscaler for, until slipway.json asks for others', async () => {
      await again({ autoscale });
      const target = configured({ autoscale });
      const [release] = await target.list(taskOf().signal);
      assert.ok(release);
      await target.scale?.(release, 2, taskOf());
      assert.equal((await again({ autoscale }))[0], 'r1 unchanged');
      assert.equal(stored('HorizontalPodAutoscaler').spec.minReplicas, 2);
      assert.match(
        (await again({ autoscale: { ...autoscale, max: 5 } }))[1],
        /; change HorizontalPodAutoscaler iris$/,
      );
      const { minReplicas, maxReplicas } = stored('HorizontalPodAutoscaler').spec;
      assert.deepEqual([minReplicas, maxReplicas], [1, 5]);
    });
  });

  describe('when two move the traffic at the same time', () => {
    it('stays with the other one when the first is cancelled', async () => {
      const [one, two] = [configured(), configured()];
      await serve(one, iris);
      const second = await startCandidate(one, iris);
      const third = await startCandidate(two, iris);
      const controller = new AbortController();
      let other: Promise<unknown> | undefined;
      const report = (words: string) => {
        if (!/until the release before has answered/.test(words)) return;
        other = two.promote(third, taskOf()).then(() => controller.abort());
      };
      // It waits for longer than the other one takes.
      const slow = configured({}, 'staging', 30);
      await assert.rejects(slow.promote(second, { signal: controller.signal, report }), {
        name: 'AbortError',
      });
      await other;
      assert.equal(stored('Service').spec.selector['dev.slipway.revision'], '3');
      assert.match(await stateOf(one), /^3 serving ready, 2 retired/);
    });

    it('is that of the one who came last, also where the first writes it late', async () => {
      const config = { gateway, autoscale };
      const [one, two] = [configured(config), configured(config)];
      await serve(one, iris);
      const second = await startCandidate(one, iris);
      const third = await startCandidate(two, iris);
      let late: Promise<unknown> | undefined;
      api.beforeAnswer = (asked) => {
        if (late || !asked.startsWith('PATCH') || !asked.includes('poddisruptionbudgets/iris')) return;
        return (late = two.promote(third, taskOf()));
      };
      await one.promote(second, taskOf());
      assert.equal(stored('Service').spec.selector['dev.slipway.revision'], '3');
      assert.equal(stored('PodDisruptionBudget').spec.selector.matchLabels['dev.slipway.revision'], '3');
      assert.equal(stored('HorizontalPodAutoscaler').spec.scaleTargetRef.name, 'iris-r3');
      assert.deepEqual(backends(), [{ name: 'iris-r3', port: 80, weight: 1 }]);
    });
  });

  describe('when one stops what the other gives the traffic to', () => {
    const changes = (asked: string, what: string) =>
      asked.startsWith('PATCH') && asked.includes(`/deployments/iris-r2${what}?`);
    let one: Target;
    let two: Target;
    let first: Release;
    let second: Release;

    beforeEach(async () => {
      [one, two] = [configured(), configured()];
      first = await serve(one, iris);
      second = await serve(one, iris);
    });

    async function assertSecondServes(): Promise<void> {
      assert.equal(stored('Service').spec.selector['dev.slipway.revision'], '2');
      assert.match(await stateOf(one), /^2 serving ready, 1 retired/);
    }

    it('leaves it running where the other was quicker', async () => {
      let other: Promise<unknown> | undefined;
      api.beforeAnswer = (asked) => {
        if (other || !changes(asked, '/scale')) return;
        return (other = two.promote(second, taskOf()));
      };
      await one.promote(first, taskOf());
      assert.ok(other);
      await assertSecondServes();
    });

    it('leaves it running that somebody has begun to promote', async () => {
      let other: Promise<unknown> | undefined;
      let done: (() => void) | undefined;
      api.beforeAnswer = (asked) => {
        if (other && asked.startsWith('PATCH') && asked.includes('/services/iris?'))
          return new Promise<void>((resolve) => (done = resolve));
        if (other || !changes(asked, '/scale')) return;
        other = two.promote(second, taskOf());
        return eventually(() => done !== undefined);
      };
      await one.promote(first, taskOf());
      assert.match(await stateOf(one), /2 retired ready, 1 serving ready$/);
      done?.();
      await other;
      await assertSecondServes();
    });

    it('makes the other start it again', async () => {
      let other: Promise<unknown> | undefined;
      const task = taskOf();
      task.report = (words) => {
        if (/until the release before has answered/.test(words)) other ??= two.promote(second, taskOf());
      };
      const stopped = one.promote(first, task);
      api.beforeAnswer = (asked) => (changes(asked, '') ? stopped : undefined);
      await stopped;
      await other;
      await assertSecondServes();
    });
  });

  describe('when two promotions get into each other', () => {
    it('of the same one, it is promoted by the one that is not cancelled', async () => {
      const [one, two] = [configured(), configured()];
      const first = await serve(one, iris);
      await serve(one, iris);
      api.failures.set('iris-r1', { kind: 'Unschedulable', message: 'no room' });
      const waits = (task: TaskContext) => {
        const waiting = new Promise<void>((resolve) => {
          task.report = (words) => /until revision 1 of iris is ready/.test(words) && resolve();
        });
        return { task, waiting };
      };
      const controller = new AbortController();
      const a = waits(taskOf(controller.signal));
      const b = waits(taskOf());
      const cancelled = one.promote(first, a.task);
      await a.waiting;
      const promoted = two.promote(first, b.task);
      await b.waiting;
      controller.abort();
      await assert.rejects(cancelled, { name: 'AbortError' });
      api.failures.clear();
      // The pod that found no room is made anew, as on a node that comes.
      for (const { metadata } of api.pods('iris-r1')) api.controller.removePod('models', metadata.name);
      await promoted;
      assert.equal(await stateOf(one), '2 retired stopped, 1 serving ready');
    });

    it('does not go back to one that another has stopped meanwhile', async () => {
      const one = configured({}, 'staging', 3);
      const slow = configured({}, 'staging', 30);
      await serve(one, iris);
      const second = await startCandidate(one, iris);
      const third = await startCandidate(one, iris);
      const controller = new AbortController();
      let other: Promise<unknown> | undefined;
      const task = taskOf();
      task.report = (words) => {
        if (/until the release before has answered/.test(words))
          other ??= slow.promote(third, taskOf(controller.signal));
      };
      await one.promote(second, task);
      assert.equal(stored('Deployment', 'iris-r2').spec.replicas, 0);
      controller.abort();
      await assert.rejects(other ?? assert.fail(), { name: 'AbortError' });
      assert.match(await stateOf(one), /^3 serving ready, 2 retired stopped/);
    });
  });

  describe('when the promotion of a canary is cancelled', () => {
    async function canary(config: Partial<KubernetesConfig> = {}): Promise<Release> {
      const target = configured(config);
      await serve(target, iris);
      const shared = await target.setTraffic?.(await startCandidate(target, iris), 50, taskOf());
      return shared ?? assert.fail();
    }

    async function assertCanary(): Promise<void> {
      assert.equal(await stateOf(configured()), '2 canary ready, 1 serving ready');
      const { metadata, spec } = stored('Deployment', 'iris-r2');
      assert.equal(spec.replicas, 1);
      assert.deepEqual(
        Object.keys(metadata.annotations ?? {}).filter((name) => /promoted|starting|proof$/.test(name)),
        [],
      );
    }

    it('it has its part again, when the traffic had moved', async () => {
      const release = await canary();
      const controller = new AbortController();
      const report = (words: string) => {
        if (/until the release before has answered/.test(words)) controller.abort();
      };
      const slow = configured({}, 'staging', 30);
      await assert.rejects(slow.promote(release, { signal: controller.signal, report }), {
        name: 'AbortError',
      });
      await assertCanary();
    });

    it('it has its servers again, when more of them had begun to start', async () => {
      const release = await canary();
      api.failures.set('iris-r2', { kind: 'Unschedulable', message: 'no room' });
      const controller = new AbortController();
      const large = configured({ replicas: 3 });
      const promoting = large.promote(release, taskOf(controller.signal));
      await eventually(() => stored('Deployment', 'iris-r2').spec.replicas === 3);
      controller.abort();
      await assert.rejects(promoting, { name: 'AbortError' });
      await assertCanary();
    });
  });

  describe('when a promotion ends while the cluster takes what moves the traffic', () => {
    const moves = (asked: string) => asked.startsWith('PATCH') && asked.includes('/services/iris?');

    async function second(): Promise<[Target, Release]> {
      const target = configured();
      await serve(target, iris);
      return [target, await startCandidate(target, iris)];
    }

    it('goes back to the old one when it is cancelled, however late the cluster does it', async () => {
      const [target, candidate] = await second();
      const controller = new AbortController();
      api.beforeAnswer = (asked) => {
        if (controller.signal.aborted || !moves(asked)) return;
        controller.abort();
        return sleep(300);
      };
      await assert.rejects(target.promote(candidate, taskOf(controller.signal)), { name: 'AbortError' });
      await target.fail(candidate, 'it was cancelled', taskOf());
      await sleep(400);
      assert.equal(stored('Service').spec.selector['dev.slipway.revision'], '1');
      assert.equal(await stateOf(target), '1 serving ready');
    });

    it('goes back to the old one when nobody hears that it was done', async () => {
      const [target, candidate] = await second();
      let lost = 0;
      api.losesAnswer = (asked) => moves(asked) && lost++ === 0;
      await assert.rejects(target.promote(candidate, taskOf()), { code: 'cluster-unreachable' });
      assert.equal(stored('Service').spec.selector['dev.slipway.revision'], '1');
      assert.equal(await stateOf(target), '2 candidate ready, 1 serving ready');
    });
  });

  describe('and what a killed promotion left', () => {
    function replicas(revision: number): number {
      return stored('Deployment', `iris-r${revision}`).spec.replicas as number;
    }

    /** As it is when the promotion of the next one was killed while this one still answered. */
    function leaveRunning(revision: number): void {
      const kind = api.kind('Deployment');
      const change = (object: StoredObject) =>
        ({ ...object, spec: { ...object.spec, replicas: 1 } }) as never;
      api.store.update(kind, 'models', `iris-r${revision}`, change, { manager: 'slipway' });
    }

    it('is stopped by the next promotion, and by finishing the killed one', async () => {
      const target = configured();
      await serve(target, iris);
      const second = await serve(target, iris);
      leaveRunning(1);
      await target.promote(second, taskOf());
      assert.equal(replicas(1), 0);
      leaveRunning(1);
      const planned = (await target.plan(iris, taskOf())).map(({ what }) => what);
      assert.ok(planned.includes('Deployment iris-r1 is stopped and kept'), planned.join());
      await serve(target, iris);
      assert.deepEqual([replicas(1), replicas(2), replicas(3)], [0, 0, 1]);
    });

    it('is not what somebody else just starts again', async () => {
      const target = configured();
      const first = await serve(target, iris);
      await serve(target, iris);
      api.failures.set('iris-r1', { kind: 'Unschedulable', message: 'no room' });
      const controller = new AbortController();
      const back = target.promote(first, taskOf(controller.signal));
      await eventually(() => replicas(1) === 1);
      await serve(configured(), iris);
      assert.equal(replicas(1), 1);
      controller.abort();
      await assert.rejects(back, { name: 'AbortError' });
      assert.equal(replicas(1), 0);
    });

    it('never is a candidate that seems to have served', async () => {
      const target = configured();
      await serve(target, iris);
      const candidate = await startCandidate(target, iris);
      const seen: string[] = [];
      api.store.events.on('change', ({ object }: { object: StoredObject }) => {
        if (object.metadata.name !== 'iris-r2' || object.kind !== 'Deployment') return;
        if (!object.metadata.annotations?.['dev.slipway.promoted']) return;
        seen.push(stored('Service').spec.selector['dev.slipway.revision'] as string);
      });
      await target.promote(candidate, taskOf());
      assert.deepEqual([...new Set(seen)], ['2']);
    });

    it('is known to have served also where that was not written down', async () => {
      const target = configured();
      await serve(target, iris);
      const change = (object: StoredObject) => {
        delete object.metadata.annotations?.['dev.slipway.promoted'];
        return object as never;
      };
      api.store.update(api.kind('Deployment'), 'models', 'iris-r1', change, { manager: 'slipway' });
      await serve(target, iris);
      assert.equal(await stateOf(target), '2 serving ready, 1 retired stopped');
    });
  });
});
