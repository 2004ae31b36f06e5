import assert from 'node:assert/strict';
import { UserError } from '../../../src/core/errors';
import type { Logger } from '../../../src/core/logger';
import type { ReleaseFacts, ToPage } from '../../../src/core/protocol/release';
import { releaseFacts } from '../../../src/core/release/releaseFacts';
import { parseReleaseId, releaseId } from '../../../src/core/release/releaseId';
import { releasePage } from '../../../src/core/release/releasePage';
import { TargetStore } from '../../../src/core/release/targetStore';
import type { Release, Target } from '../../../src/core/target/target';
import { FakeTarget, release } from './fakeTarget';

type Able = Pick<Target, 'push' | 'setTraffic' | 'scale'>;

const url = 'http://127.0.0.1:1';
const never = () => Promise.reject(new Error('not called'));
const quiet: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

function factsOf(one: Release, others: Release[] = [], target: Able = {}): ReleaseFacts {
  return releaseFacts(one, [one, ...others], target);
}

describe('the facts of a release', () => {
  it('are what its target says, with what it was proven with and the settings one by one', () => {
    const settings = JSON.stringify({
      bind: '127.0.0.1',
      resources: { limits: { memory: '1Gi' } },
      gpus: [1],
    });
    const proofSamples = [{ name: 'setosa', result: 'passed' as const, milliseconds: 2 }];
    const more = {
      settings,
      proof: '1 of 1 samples pass',
      proofSamples,
      url,
      stableUrl: `${url}2`,
      commit: 'c0',
    };
    const facts = factsOf(release(2, 'serving', more), [release(1, 'retired', { note: 'first' })]);
    assert.deepEqual(facts.proof, { words: '1 of 1 samples pass', samples: proofSamples });
    assert.deepEqual(facts.settings, [
      { name: 'bind', value: '127.0.0.1' },
      { name: 'resources.limits.memory', value: '1Gi' },
      { name: 'gpus', value: '[1]' },
    ]);
    assert.deepEqual(facts.others, [
      {
        id: 'staging/iris/1',
        revision: 1,
        state: 'retired',
        health: 'ready',
        traffic: 0,
        note: 'first',
        created: 0,
      },
    ]);
    assert.deepEqual([facts.url, facts.stableUrl, facts.commit, facts.created], [url, `${url}2`, 'c0', 0]);
  });

  it('tell nothing of how its server is started, and do not break on settings of others', () => {
    const model = { name: 'iris', path: '/iris.onnx', hash: 'ab', serverArguments: ['--token', 'secret'] };
    assert.doesNotMatch(JSON.stringify(factsOf(release(1, 'serving', { model }))), /secret/);
    for (const settings of ['{', '7', '[1]', 'null', ''])
      assert.deepEqual(factsOf(release(1, 'serving', { settings })).settings, [], settings);
  });
});

describe('what can be done with a release', () => {
  const actionsOf = (one: Release, others: Release[] = [], target: Able = {}) =>
    factsOf(one, others, target).actions.join(' ');

  it('depends on its state', () => {
    assert.equal(actionsOf(release(1, 'serving', { url })), 'metrics logs copyLink remove');
    assert.equal(
      actionsOf(release(2, 'serving', { url }), [release(1, 'retired')]),
      'rollBack metrics logs compare copyLink remove',
    );
    assert.equal(
      actionsOf(release(1, 'serving'), [release(2, 'retired')]),
      'logs compare copyLink remove',
      'a newer one is no way back',
    );
    assert.equal(actionsOf(release(1, 'candidate', { url })), 'finish promote metrics logs copyLink remove');
    assert.equal(actionsOf(release(1, 'retired')), 'promote logs copyLink remove');
    assert.equal(actionsOf(release(1, 'failed')), 'promote logs copyLink remove');
  });

  it('is not to change it while it is being deleted', () => {
    const going = release(1, 'serving', { url, health: 'deleting' });
    assert.equal(
      actionsOf(going, [release(2, 'retired')], { setTraffic: never, scale: never }),
      'logs compare copyLink',
    );
  });

  it('depends on what its target can', () => {
    const able: Able = { setTraffic: never, scale: never };
    assert.match(actionsOf(release(1, 'canary', { url }), [], able), /promote setTraffic scale/);
    assert.match(
      actionsOf(release(1, 'retired'), [], able),
      /promote scale/,
      'what does not run has no part',
    );
    assert.doesNotMatch(actionsOf(release(1, 'serving', { url }), [], able), /setTraffic/);
    assert.doesNotMatch(actionsOf(release(1, 'candidate', { url, undivided: true }), [], able), /setTraffic/);
  });
});

describe('how far a release has come', () => {
  const stepsOf = (state: Release['state'], more: Partial<Release> = {}, target: Able = {}) =>
    factsOf(release(1, state, more), [], target).steps.map((step) => `${step.name} ${step.state}`);

  it('is told while it is made', () => {
    assert.deepEqual(stepsOf('candidate', { health: 'starting' }), [
      'check done',
      'build done',
      'candidate current',
      'verify waiting',
      'traffic waiting',
    ]);
    assert.deepEqual(stepsOf('candidate').slice(-2), ['verify current', 'traffic waiting']);
    assert.deepEqual(stepsOf('candidate', { health: 'stopped' })[2], 'candidate failed');
    assert.equal(stepsOf('canary').at(-1), 'traffic current');
    assert.equal(stepsOf('canary', {}, { push: never })[2], 'push done');
  });

  it('is no news afterwards', () => {
    for (const state of ['serving', 'retired', 'failed'] as const) assert.deepEqual(stepsOf(state), []);
    assert.deepEqual(stepsOf('candidate', { health: 'deleting' }), []);
  });
});

describe('the page of a release', () => {
  let target: FakeTarget;
  let store: TargetStore;
  const page = (revision = 2): ToPage => releasePage({ target: 'staging', model: 'iris', revision }, store);

  beforeEach(() => {
    target = new FakeTarget('staging', [release(1, 'retired'), release(2, 'serving')]);
    store = new TargetStore(() => target, quiet);
    store.configure({ targets: { staging: { kind: 'docker' } } });
  });
  afterEach(() => store.dispose());

  it('waits until its target was asked, then has the facts', async () => {
    assert.deepEqual(page(), { id: 'staging/iris/2', name: 'iris r2', target: 'staging', type: 'waiting' });
    await store.refresh();
    const shown = page();
    assert.ok(shown.type === 'release');
    assert.deepEqual(
      shown.facts.others.map(({ revision }) => revision),
      [1],
    );
  });

  it('says that the release is gone, and which one is the newest', async () => {
    await store.refresh();
    const subject = { id: 'staging/iris/7', name: 'iris r7', target: 'staging' };
    const newest = { id: 'staging/iris/2', name: 'iris r2' };
    assert.deepEqual(page(7), { ...subject, type: 'gone', newest });
    target.releases = [];
    await store.refresh();
    assert.deepEqual(page(7), { ...subject, type: 'gone' });
  });

  it('says why its target does not answer, what helps, and when it answered last', async () => {
    const before = Date.now();
    await store.refresh();
    target.behaviour.list = new UserError('engine-unreachable', 'No engine answers.', 'Start Docker.');
    await store.refresh();
    const shown = page();
    assert.ok(shown.type === 'unreachable');
    assert.deepEqual([shown.why, shown.next], ['No engine answers.', 'Start Docker.']);
    assert.ok((shown.answered ?? 0) >= before);
  });

  it('says that its target is not named any more', () => {
    store.configure(undefined);
    const shown = page();
    assert.ok(shown.type === 'unreachable');
    assert.match(shown.why, /slipway\.json does not name it/);
    assert.equal(shown.answered, undefined);
  });
});

describe('the id of a release', () => {
  it('is read and written', () => {
    assert.deepEqual(parseReleaseId('staging/iris/3'), { target: 'staging', model: 'iris', revision: 3 });
    assert.equal(releaseId({ target: 'staging', model: 'iris', revision: 3 }), 'staging/iris/3');
    for (const wrong of ['', 'staging/iris', '/iris/3', 'staging/iris/x', 'a/b/c/3', 'staging/iris/3/'])
      assert.equal(parseReleaseId(wrong), undefined, wrong);
  });
});
