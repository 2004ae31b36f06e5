import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from '../../../src/core/target/target';
import { cleanUp, startCandidate, subjectOf, targetOf, taskOf, type Subject } from './support';

const name = 'watch-test';

describe('watching the releases on a Docker engine', () => {
  let target: Target;
  let iris: Subject;
  let changes = 0;
  const end = new AbortController();

  before(async () => {
    iris = await subjectOf('iris');
    await cleanUp(name);
    target = targetOf(name);
  });
  after(() => cleanUp(name));

  /** Resolves when nothing more comes of what was done before. */
  async function quiet(): Promise<void> {
    for (let before = -1; before !== changes; await sleep(1_500)) before = changes;
    changes = 0;
  }

  it('tells what comes, whose traffic moves and what goes, and not that somebody looked', async () => {
    const watching = target.watch?.(() => changes++, end.signal) ?? assert.fail('it can not be watched');
    await quiet();
    await target.promote(await startCandidate(target, iris), taskOf());
    const second = await startCandidate(target, iris);
    assert.ok(changes > 0);
    await quiet();
    await target.list(end.signal);
    await sleep(1_500);
    assert.equal(changes, 0, 'a look is no change');
    await target.setTraffic?.(second, 20, taskOf());
    await sleep(1_500);
    assert.ok(changes > 0, 'the proxy reads its configuration anew');
    await quiet();
    await target.remove(second, taskOf());
    await sleep(1_500);
    assert.ok(changes > 0);
    end.abort();
    await watching;
  });
});
