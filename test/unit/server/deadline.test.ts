import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../../../src/server/deadline';
import { Failure } from '../../../src/server/failure';

describe('the time that a client waits', () => {
  const deadline = (left: number) => ({ milliseconds: 20, end: performance.now() + left });
  const is504 = (error: unknown) =>
    error instanceof Failure &&
    error.status === 504 &&
    /in the 20 ms that the client waits/.test(error.message);

  it('is enough for what is done in it', async () => {
    const never = () => assert.fail('it was given up');
    assert.equal(await within(deadline(10_000), () => Promise.resolve('done'), never), 'done');
    assert.equal(await within(undefined, () => Promise.resolve('done'), never), 'done');
  });

  it('ends what takes longer, once', async () => {
    const given: Failure[] = [];
    const forever = () => new Promise<never>(() => undefined);
    await assert.rejects(
      within(deadline(20), forever, (failure) => given.push(failure)),
      is504,
    );
    await sleep(30);
    assert.equal(given.length, 1);
  });

  it('is over before anything is begun, where the request came too late', async () => {
    const given: Failure[] = [];
    let begun = 0;
    const begin = () => Promise.resolve(begun++);
    await assert.rejects(
      within(deadline(-1), begin, (failure) => given.push(failure)),
      is504,
    );
    assert.deepEqual([begun, given.length], [0, 1]);
  });
});
