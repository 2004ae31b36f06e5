import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../../src/core/config/config';
import type { Logger } from '../../../src/core/logger';
import type { ToPage } from '../../../src/core/protocol/release';
import { TargetStore } from '../../../src/core/release/targetStore';
import { ReleasePushes } from '../../../src/editor/release/releasePushes';
import { FakeTarget, release } from './fakeTarget';

const log: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };
const config = { targets: { staging: { kind: 'docker' } } } as Config;

describe('what the page of a release is told', () => {
  let target: FakeTarget;
  let targets: TargetStore;
  let posted: ToPage[];
  let synced: number;
  let pushes: ReleasePushes;
  const types = () => posted.map(({ type }) => type);

  beforeEach(() => {
    target = new FakeTarget('staging', [release(1, 'serving')]);
    targets = new TargetStore(() => target, log);
    posted = [];
    synced = 0;
    const syncTargets = () => {
      synced++;
      targets.configure(config);
      return Promise.resolve();
    };
    const named = { target: 'staging', model: 'iris', revision: 1 };
    pushes = new ReleasePushes(named, { targets, syncTargets, log }, (message) => posted.push(message));
  });
  afterEach(() => {
    pushes.dispose();
    targets.dispose();
  });

  it('is what is known once it asks, and then what changes; a target that is not known yet is looked for', async () => {
    await pushes.start();
    assert.equal(synced, 1);
    assert.deepEqual(types(), ['waiting']);
    await sleep(20);
    assert.deepEqual(types(), ['waiting', 'release']);
    await targets.refresh();
    assert.equal(posted.length, 2, 'the same is not told twice');
    target.releases = [];
    await targets.refresh();
    assert.deepEqual(types(), ['waiting', 'release', 'gone']);
  });

  it('is nothing while nobody sees it, and all of it again after that', async () => {
    await pushes.start();
    await sleep(20);
    pushes.stop();
    const calls = target.calls.length;
    target.releases = [];
    await targets.refresh();
    assert.deepEqual(types(), ['waiting', 'release']);
    assert.equal(target.calls.length, calls + 1, 'only this test asked');
    await pushes.start();
    assert.deepEqual(types(), ['waiting', 'release', 'gone']);
  });

  it('is nothing when it was hidden before its target was known', async () => {
    const started = pushes.start();
    pushes.stop();
    await started;
    await sleep(20);
    assert.deepEqual(posted, []);
    assert.deepEqual(target.calls, []);
  });

  it('is told also when a retry changes nothing', async () => {
    target.behaviour.list = new Error('away');
    await pushes.start();
    await sleep(20);
    await pushes.retry();
    assert.deepEqual(types(), ['waiting', 'unreachable', 'unreachable']);
    delete target.behaviour.list;
    await pushes.retry();
    assert.equal(types().at(-1), 'release');
  });
});
