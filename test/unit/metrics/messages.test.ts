import assert from 'node:assert/strict';
import { fromPage, viewState } from '../../../src/core/protocol/metrics';

describe('messages of the metrics page', () => {
  it('takes what the page may send, and nothing else', () => {
    assert.ok(fromPage.safeParse({ type: 'ready' }).success);
    assert.ok(fromPage.safeParse({ type: 'failed', message: 'x' }).success);
    for (const message of [
      undefined,
      'ready',
      {},
      { type: 'run', command: 'x' },
      { type: 'ready', more: 1 },
      { type: 'failed', message: 'x'.repeat(2001) },
    ]) {
      assert.ok(!fromPage.safeParse(message).success, JSON.stringify(message));
    }
  });

  it('restores a view state, with defaults for what an older version did not keep', () => {
    const sources = [{ id: 'staging/iris/3', label: 'iris' }];
    assert.deepEqual(viewState.parse({ sources }), { sources, window: 5, hidden: [] });
    const whole = { sources, window: 60, pausedAt: 17, hidden: ['x'] };
    assert.deepEqual(viewState.parse(whole), whole);
    for (const state of [
      undefined,
      {},
      { sources: [] },
      { sources, window: 7 },
      { sources: [{ id: 1, label: 'x' }] },
    ]) {
      assert.ok(!viewState.safeParse(state).success, JSON.stringify(state));
    }
  });
});
