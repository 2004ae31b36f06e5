import assert from 'node:assert/strict';
import type { Runner } from '../../../src/server/batching/batcher';
import { BusyRun } from '../../../src/server/batching/busyRun';
import { eventually } from './support/serverProcess';

/** A worker that is patient for so many milliseconds, and when it was given up. */
function workerOf(patience: number) {
  const given: number[] = [];
  const worker = { patience, giveUp: () => given.push(performance.now()) };
  return { worker: worker as unknown as Runner, given };
}

describe('a busy run', () => {
  it('is ended once all have left and others wait, and not before its time', async () => {
    const { worker, given } = workerOf(150);
    const jobs = [{ left: false }, { left: true }];
    const run = new BusyRun(worker, jobs);
    const began = performance.now();
    run.reconsider(() => true);
    jobs[0] = { left: true };
    run.reconsider(() => true);
    await eventually(() => given.length > 0);
    // Timers count in whole milliseconds.
    assert.ok((given[0] as number) - began >= 148, `${(given[0] as number) - began}`);
  });

  it('goes on while somebody waits for it, nobody waits behind it, or nobody knows what runs take', async () => {
    const wanted = workerOf(1);
    new BusyRun(wanted.worker, [{ left: true }, { left: false }]).reconsider(() => true);
    const alone = workerOf(1);
    let asked = 0;
    const last = new BusyRun(alone.worker, [{ left: true }]);
    // Who waits leaves before the time has come.
    last.reconsider(() => ++asked === 1);
    const unknown = workerOf(Infinity);
    new BusyRun(unknown.worker, [{ left: true }]).reconsider(() => true);
    const ended = workerOf(1);
    const over = new BusyRun(ended.worker, [{ left: true }]);
    over.reconsider(() => true);
    over.end();
    await eventually(() => asked === 2);
    assert.deepEqual(
      [wanted, alone, unknown, ended].map(({ given }) => given.length),
      [0, 0, 0, 0],
    );

    last.reconsider(() => true);
    await eventually(() => alone.given.length === 1);
  });
});
