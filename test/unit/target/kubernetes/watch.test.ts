import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from '../../../../src/core/target/target';
import { KubernetesApi } from '../../../host/kubernetesApi';
import { kserveTargetOf, standard } from '../kserve/support';
import {
  eventually,
  serve,
  startCandidate,
  stateOf,
  subjectOf,
  targetOf,
  taskOf,
  type Subject,
} from './support';

describe('watching the releases in a cluster', () => {
  let api: KubernetesApi;
  let target: Target;
  let iris: Subject;
  let end: AbortController;
  let watching: Promise<void>;
  let changes: number;

  before(async () => (iris = await subjectOf('iris')));
  beforeEach(() => {
    end = new AbortController();
    changes = 0;
  });
  afterEach(async () => {
    end.abort();
    await watching;
    target.dispose();
    await api.stop();
  });

  function watch(): void {
    watching = target.watch?.(() => changes++, end.signal) ?? assert.fail('it can not be watched');
  }

  /** Resolves when what was done before is told, and nothing more comes. */
  async function quiet(): Promise<void> {
    for (let before = -1; before !== changes; await sleep(700)) before = changes;
    changes = 0;
  }

  const watched = () => api.asked.filter((line) => line.includes('watch=true'));
  const lists = () => api.asked.filter((line) => line.includes('limit=1'));

  async function start(): Promise<void> {
    api = await KubernetesApi.start();
    target = targetOf(api);
    watch();
    await eventually(() => watched().length === 3);
    await quiet();
  }

  it('tells of pods that come, of traffic that moves and of releases that go, of its own only', async () => {
    await start();
    const candidate = await startCandidate(target, iris);
    assert.ok(changes > 0, 'a new Deployment and its pods');
    await eventually(async () => (await stateOf(target)) === '1 candidate ready');
    await quiet();
    api.store.create(
      api.kind('Service'),
      'models',
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'other' }, spec: { ports: [{ port: 80 }] } },
      { manager: 'test' },
    );
    await sleep(300);
    assert.equal(changes, 0, 'it is not ours');
    await target.promote(candidate, taskOf());
    assert.ok(changes > 0, 'the Service names another');
    await quiet();
    await target.remove(candidate, taskOf());
    await eventually(() => changes > 0);
  });

  it('goes on from where it was when the connection is cut, and misses nothing', async () => {
    await start();
    const before = lists().length;
    assert.equal(api.cutWatches(), 3);
    // Before it is connected again.
    await startCandidate(target, iris);
    await eventually(() => watched().length >= 6);
    await eventually(() => changes > 0);
    assert.equal(lists().length, before, 'nothing is listed anew');
    assert.ok(watched().every((line) => /[?&]resourceVersion=\d+/.test(line)));
  });

  it('looks anew when the cluster has forgotten what happened since', async () => {
    await start();
    const before = lists().length;
    api.cutWatches();
    await startCandidate(target, iris);
    api.store.forgetPast();
    await eventually(() => lists().length > before);
    await eventually(() => changes > 0);
    await quiet();
    await target.remove((await target.list(end.signal))[0] ?? assert.fail(), taskOf());
    await eventually(() => changes > 0);
  });

  it('ends where it is not allowed, and with the signal', async () => {
    api = await KubernetesApi.start();
    api.users.set('test-token', { name: 'eve', denied: (verb) => verb === 'watch' });
    target = targetOf(api);
    watch();
    await watching;
    assert.equal(end.signal.aborted, false);
    api.users.set('test-token', { name: 'eve' });
    watch();
    await eventually(() => watched().length >= 3);
    end.abort();
    await watching;
    await eventually(() => api.cutWatches() === 0);
  });

  it('tells of InferenceServices with KServe', async () => {
    api = await KubernetesApi.start({ kserve: standard });
    target = kserveTargetOf(api);
    watch();
    await eventually(() => watched().length === 2);
    await quiet();
    await serve(target, iris);
    assert.ok(changes > 0);
  });
});
