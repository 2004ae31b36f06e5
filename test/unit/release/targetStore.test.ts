import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../../src/core/config/config';
import { UserError } from '../../../src/core/errors';
import type { Logger } from '../../../src/core/logger';
import { TargetStore } from '../../../src/core/release/targetStore';
import { FakeTarget, release } from './fakeTarget';

const quiet: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

function storeOf(...fakes: FakeTarget[]): { store: TargetStore; config: Config } {
  const store = new TargetStore((name) => fakes.find((fake) => fake.name === name) as FakeTarget, quiet);
  const targets = Object.fromEntries(fakes.map((fake) => [fake.name, { kind: 'docker' as const }]));
  const config: Config = { targets };
  store.configure(config);
  return { store, config };
}

describe('the store of targets', () => {
  it('holds what the targets say, newest revision first, and tells when it changed', async () => {
    const staging = new FakeTarget('staging', [release(1, 'retired'), release(2, 'serving')]);
    const { store } = storeOf(staging);
    let changes = 0;
    store.onChange(() => changes++);
    assert.equal(store.known(staging), false);
    await store.refresh();
    assert.deepEqual(
      store.releases(staging).map(({ revision }) => revision),
      [2, 1],
    );
    assert.equal(store.known(staging), true);
    await store.refresh();
    assert.equal(changes, 1, 'what did not change is not told');
    staging.releases = [];
    await store.refresh();
    assert.equal(changes, 2);
    store.dispose();
    assert.ok(staging.disposed);
  });

  it('shows why a target is away, while the others go on', async () => {
    const staging = new FakeTarget('staging', [release(1, 'serving')]);
    const away = new FakeTarget('away');
    const silent = new FakeTarget('silent');
    away.behaviour.list = new Error('No Docker engine answers.');
    silent.list = () => new Promise(() => undefined);
    const { store } = storeOf(staging, away, silent);
    const shown = new Promise<void>((resolve) => {
      store.onChange(() => store.releases(staging).length === 1 && resolve());
    });
    const all = store.refresh();
    await Promise.race([
      shown,
      sleep(1_000).then(() => assert.fail('the silent target holds up the others')),
    ]);
    await all;
    assert.equal(store.error(staging), undefined);
    assert.equal(store.error(away)?.message, 'No Docker engine answers.');
    assert.match(store.error(silent)?.message ?? '', /did not answer within 5 s/);
    delete away.behaviour.list;
    silent.list = () => Promise.resolve([]);
    await store.refresh();
    assert.equal(store.error(away), undefined);
    store.dispose();
  });

  it('keeps what a target had that is away, as what nobody knows of, until it answers', async () => {
    const staging = new FakeTarget('staging', [
      release(1, 'retired', { health: 'stopped' }),
      release(2, 'serving', { url: 'http://127.0.0.1:8600' }),
    ]);
    const { store } = storeOf(staging);
    await store.refresh();
    assert.deepEqual(store.lastKnown(staging), [], 'it answers');
    const why = 'no Docker engine answers.';
    staging.behaviour.list = new UserError('engine-unreachable', `It went wrong: ${why}`, undefined, { why });
    let changes = 0;
    store.onChange(() => changes++);
    await store.refresh();
    await store.refresh();
    assert.equal(changes, 1);
    assert.deepEqual(store.releases(staging), [], 'nothing that is asked of them can be done');
    assert.deepEqual(
      store
        .lastKnown(staging)
        .map(({ revision, state, health, detail }) => [revision, state, health, detail]),
      [
        [2, 'serving', 'unknown', 'No Docker engine answers.'],
        [1, 'retired', 'unknown', 'No Docker engine answers.'],
      ],
    );
    delete staging.behaviour.list;
    staging.releases = [];
    await store.refresh();
    assert.deepEqual([store.releases(staging), store.lastKnown(staging)], [[], []]);
    store.dispose();
  });

  it('sees what happened before a refresh was asked for, also while another runs', async () => {
    const staging = new FakeTarget('staging');
    staging.behaviour.list = 30;
    const { store } = storeOf(staging);
    const first = store.refresh();
    await sleep(60);
    void store.refresh();
    await sleep(5);
    staging.releases = [release(1, 'serving')];
    await store.refresh();
    assert.equal(store.releases(staging).length, 1);
    await first;
    store.dispose();
  });

  it('keeps the targets that a new configuration did not change', () => {
    const made: string[] = [];
    const store = new TargetStore((name) => {
      made.push(name);
      return new FakeTarget(name);
    }, quiet);
    const targets: Config['targets'] = { staging: { kind: 'docker' }, production: { kind: 'docker' } };
    store.configure({ targets });
    const [staging, production] = store.targets() as FakeTarget[];
    store.configure({ targets: { ...targets, production: { kind: 'docker', memoryMiB: 256 } } });
    assert.deepEqual(made, ['staging', 'production', 'production']);
    assert.equal(store.get('staging'), staging);
    assert.equal(production?.disposed, true);
    store.configure(undefined);
    assert.deepEqual(store.targets(), []);
    assert.equal(staging?.disposed, true);
  });

  it('keeps a target that is replaced while something changes on it until that is done', async () => {
    const store = new TargetStore((name) => new FakeTarget(name), quiet);
    store.configure({ targets: { staging: { kind: 'docker' } } });
    const [before] = store.targets() as FakeTarget[];
    let endFirst = () => assert.fail('nothing began');
    const first = store.keepDuring(
      () => new Promise<string>((resolve) => (endFirst = (() => resolve('deployed')) as () => never)),
    );
    const second = store.keepDuring(async () => {
      await sleep(20);
      throw new Error('it did not verify');
    });
    store.configure({ targets: { staging: { kind: 'docker', memoryMiB: 256 } } });
    const after = store.get('staging') as FakeTarget;
    assert.notEqual(after, before);
    assert.equal(before?.disposed, false, 'two are at work on it');
    await assert.rejects(second, /did not verify/);
    assert.equal(before?.disposed, false, 'one is at work on it');
    endFirst();
    assert.equal(await first, 'deployed');
    assert.deepEqual([before?.disposed, after.disposed], [true, false]);
    store.dispose();
  });

  it('disposes of all targets with itself, also while something changes on one', async () => {
    const store = new TargetStore((name) => new FakeTarget(name), quiet);
    store.configure({ targets: { staging: { kind: 'docker' } } });
    const [before] = store.targets() as FakeTarget[];
    const work = store.keepDuring(() => sleep(20));
    store.configure({ targets: { staging: { kind: 'docker', memoryMiB: 256 } } });
    const after = store.get('staging') as FakeTarget;
    store.dispose();
    assert.deepEqual([before?.disposed, after.disposed], [true, true]);
    await work;
  });

  it('disposes again of a target that was replaced before the work on it began', async () => {
    const store = new TargetStore((name) => new FakeTarget(name), quiet);
    store.configure({ targets: { staging: { kind: 'docker' } } });
    const [before] = store.targets() as FakeTarget[];
    assert.ok(before);
    store.configure(undefined);
    assert.equal(before.disposed, true);
    await store.keepDuring(() => {
      before.disposed = false;
      return Promise.resolve();
    });
    assert.equal(before.disposed, true);
    store.dispose();
  });

  it('refreshes while somebody watches, and not longer', async () => {
    const staging = new FakeTarget('staging');
    const { store } = storeOf(staging);
    const watch = store.watch();
    await sleep(50);
    assert.equal(staging.calls.length, 1);
    watch.dispose();
    watch.dispose();
    await sleep(4_200);
    assert.equal(staging.calls.length, 1);
    store.dispose();
  });

  it('looks at a target that says something changed, once for many events, and asks it now and then only', async function () {
    this.timeout(10_000);
    const staging = new FakeTarget('staging', [release(1, 'serving')]);
    const other = new FakeTarget('other');
    let changed = () => assert.fail('nobody listens');
    let ended = false;
    staging.watch = async (listener, signal) => {
      changed = listener as () => never;
      await sleep(60_000, undefined, { signal, ref: false }).catch(() => undefined);
      ended = true;
    };
    const { store } = storeOf(staging, other);
    const watch = store.watch();
    await sleep(50);
    assert.deepEqual([staging.calls.length, other.calls.length], [1, 1]);
    staging.releases = [release(2, 'serving'), release(1, 'retired')];
    for (let count = 0; count < 5; count++) changed();
    await sleep(300);
    assert.deepEqual([staging.calls.length, other.calls.length], [2, 1]);
    assert.equal(store.releases(staging).length, 2);
    await sleep(4_000);
    assert.deepEqual([staging.calls.length, other.calls.length], [2, 2], 'who tells is not asked as often');
    staging.releases = [release(3, 'candidate', { health: 'starting' })];
    changed();
    await sleep(4_000);
    assert.equal(staging.calls.length, 4, 'what starts is asked for');
    watch.dispose();
    await sleep(20);
    assert.equal(ended, true);
    store.dispose();
  });

  it('asks a target as often as before that does not let itself be watched any more', async function () {
    this.timeout(10_000);
    const refusing = new FakeTarget('refusing');
    refusing.watch = () => Promise.reject(new Error('it may not be watched'));
    const { store } = storeOf(refusing);
    const watch = store.watch();
    await sleep(4_200);
    assert.equal(refusing.calls.length, 2);
    watch.dispose();
    store.dispose();
  });

  it('listens to targets that come, and no longer to those that go', async () => {
    const [staging, production] = [new FakeTarget('staging'), new FakeTarget('production')];
    const asked: { name: string; signal: AbortSignal }[] = [];
    for (const fake of [staging, production]) {
      fake.watch = (_changed, signal) => {
        asked.push({ name: fake.name, signal });
        return sleep(60_000, undefined, { signal, ref: false });
      };
    }
    const listening = () => asked.filter(({ signal }) => !signal.aborted).map(({ name }) => name);
    const { store } = storeOf(staging, production);
    store.configure({ targets: { staging: { kind: 'docker' } } });
    const watch = store.watch();
    assert.deepEqual(listening(), ['staging']);
    store.configure({ targets: { production: { kind: 'docker' } } });
    await sleep(20);
    assert.deepEqual(listening(), ['production']);
    watch.dispose();
    store.watch();
    await sleep(20);
    assert.deepEqual(listening(), ['production'], 'who comes back listens again');
    store.dispose();
    await sleep(20);
    assert.deepEqual(listening(), []);
  });
});
