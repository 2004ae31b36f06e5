import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../../src/core/config/config';
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
});
