import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ChildController } from '../../src/core/childController';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Whether a child with this time limit aborts, of which only a listener is left. */
function firesAfter(milliseconds: number): Promise<unknown> {
  const { signal } = new ChildController(new AbortController().signal, milliseconds);
  return new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve(signal.reason), { once: true }),
  );
}

describe('a child of an abort signal', () => {
  it('aborts with its parent, for its reason', () => {
    const parent = new AbortController();
    const child = new ChildController(parent.signal);
    parent.abort('because');
    assert.equal(child.signal.reason, 'because');
    assert.equal(new ChildController(parent.signal, 1).signal.reason, 'because');
  });

  it('aborts in time, also when nothing holds on to it any more', async () => {
    const firing = firesAfter(100);
    await sleep(10);
    collectGarbage();
    await sleep(10);
    collectGarbage();
    const reason = await Promise.race([firing, sleep(2000)]);
    assert.equal((reason as Error | undefined)?.name, 'TimeoutError');
  });

  it('leaves its parent alone', () => {
    const parent = new AbortController();
    const child = new ChildController(parent.signal);
    child.abort();
    assert.ok(!parent.signal.aborted);
  });

  it('may have many siblings without a warning', async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error) => warnings.push(warning);
    process.on('warning', listen);
    const parent = new AbortController();
    for (let count = 0; count < 20; count++) new ChildController(parent.signal);
    await sleep(10);
    process.off('warning', listen);
    assert.deepEqual(warnings, []);
  });

  it('aborts no more once it is disposed', async () => {
    const parent = new AbortController();
    const child = new ChildController(parent.signal, 10);
    child.dispose();
    parent.abort();
    await sleep(30);
    assert.ok(!child.signal.aborted);
  });
});
