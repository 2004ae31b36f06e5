import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { tailOf } from '../../../src/core/release/tailOf';

describe('the tail of a log', () => {
  it('is its last lines, and does not wait for more', async () => {
    let ended = false;
    async function* follow(signal: AbortSignal) {
      yield 'one\ntw';
      yield 'o\nthree\n';
      await sleep(60_000, undefined, { signal, ref: false }).catch(() => (ended = true));
    }
    assert.deepEqual(await tailOf(follow, 2), ['two', 'three']);
    assert.ok(ended, 'the log is let go of');
  });

  it('is what could be read of a log that breaks off', async () => {
    async function* follow() {
      await sleep(1);
      yield 'one\n';
      throw new Error('gone');
    }
    assert.deepEqual(await tailOf(follow, 5), ['one']);
  });
});
