import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { Tensor } from '../../../src/core/inference/tensor';
import { Batcher, type Runner } from '../../../src/server/batching/batcher';
import { readOptions } from '../../../src/server/options';
import { cores, processors } from '../../../src/server/processors';
import { WideRuns } from '../../../src/server/batching/wideRuns';
import type { RunOptions, RunResult } from '../../../src/server/worker/workerLink';
import { skip } from '../../host/skip';
import { inferBody, iris, startServer, stopServers } from './support/serverProcess';

describe('several instances', () => {
  afterEach(stopServers);

  it('run at the same time, and the loss of one is not noticed', async () => {
    const model = 'test/unit/server/models/patience.onnx';
    const server = await startServer(model, '--instances', '2', '--run-timeout-seconds', '60');
    const long = server.infer(inferBody('n', [1, 1], [20_000_000], 'INT64'));
    await sleep(200);
    const started = performance.now();
    const short = await server.infer(inferBody('n', [1, 1], [1], 'INT64'));
    assert.equal(short.status, 200);
    assert.ok(performance.now() - started < 1500, 'it did not wait for the long one');
    server.process.kill('SIGTERM');
    await long;
  });

  it('answer the same, alone and beside each other', async () => {
    const server = await startServer(iris, '--instances', '2');
    const ask = () => server.infer(inferBody('measurements', [1, 4], [5.1, 3.5, 1.4, 0.2]));
    const { outputs } = (await ask()).body;
    for (let round = 0; round < 20; round++) {
      const answers = await Promise.all(Array.from({ length: 1 + (round % 5) }, ask));
      for (const { body } of answers) assert.deepEqual(body['outputs'], outputs);
    }
  });

  const all = Math.min(cores() ?? processors(), processors());
  for (const [what, options, more] of [
    ['give one that runs alone the cores of the others', [], all - Math.max(1, Math.floor(all / 2))],
    ['keep to the threads that somebody chose', ['--threads', '1'], 0],
    ['load the model once where memory is limited', ['--worker-memory-mib', '1000'], 0],
  ] as const) {
    it(what, async function () {
      if (process.platform !== 'linux') skip(this, 'only Linux tells of the threads of another process');
      const server = await startServer(iris, '--instances', '2', ...options);
      const [first = 0, second = 0] = await threadsOfChildren(server.process.pid);
      assert.equal(first - second, more === 0 ? 0 : all - 1);
    });
  }

  it('have the machine to themselves by default where there is one of them', () => {
    assert.equal(readOptions(['--model', iris], {}).wideThreads, undefined);
  });
});

describe('a wide run', () => {
  /** A worker that is done when it is told, and which of its runs were wide. */
  function worker() {
    const told: boolean[] = [];
    const ends: (() => void)[] = [];
    const runner = {
      ready: true,
      run: (_: unknown, { wide = false }: RunOptions) => {
        told.push(wide);
        return new Promise<RunResult>((resolve) =>
          ends.push(() => resolve({ outputs: [], milliseconds: wide ? 1 : 2 })),
        );
      },
    };
    return { runner: runner as unknown as Runner, told, end: () => ends.shift()?.() };
  }

  function asking(wide: boolean, ...workers: ReturnType<typeof worker>[]): () => Promise<void> {
    const never = { batchable: false, rows: false, log: () => undefined };
    const batcher = new Batcher(
      workers.map(({ runner }) => runner),
      { maxQueue: 10, maxBatch: 1, queueSeconds: 1, wide, ...never },
      { ran: () => undefined, waited: () => undefined },
    );
    const input: Tensor = { name: 'x', datatype: 'FP32', shape: [1], data: Float32Array.of(1) };
    return async () => {
      batcher.submit([input]);
      await turn();
    };
  }

  it('has the machine to itself', async () => {
    const [one, two] = [worker(), worker()];
    const ask = asking(true, one, two);
    const end = async (which: typeof one) => {
      which.end();
      await turn();
    };
    for (let run = 0; run < 3; run++) {
      await ask();
      await end(one);
    }
    assert.deepEqual(one.told.splice(0), [true, false, true], 'each way is tried');
    await ask();
    assert.deepEqual(one.told, [true]);
    await ask();
    assert.deepEqual(two.told, [false], 'beside another');
    await end(one);
    await ask();
    assert.deepEqual(one.told, [true, false], 'beside another');
    await end(two);
    await end(one);
    void ask();
    await ask();
    assert.deepEqual(
      [one.told, two.told],
      [
        [true, false, false],
        [false, false],
      ],
      'another waits',
    );
  });

  it('is none where the model has none', async () => {
    const one = worker();
    await asking(false, one)();
    assert.deepEqual(one.told, [false]);
  });

  /** How many of so many runs are wide, where a row takes so long. */
  function wideOnes(runs: WideRuns, count: number, narrow: number, wide: number): number {
    let found = 0;
    for (let run = 0; run < count; run++) {
      const isWide = runs.next();
      if (isWide) found++;
      runs.observe(isWide, 2, 2 * (isWide ? wide : narrow));
    }
    return found;
  }

  it('is made while that is faster, and each other way looked at now and then', () => {
    const runs = new WideRuns();
    assert.equal(wideOnes(runs, 1000, 6, 4), 994, 'five trials, and one at first');
    assert.ok(wideOnes(runs, 1000, 6, 7) < 20, 'it has become the slower one');
    const again = wideOnes(runs, 1000, 6, 4);
    assert.ok(again > 790 && again < 1000, `it is the faster one again: ${again}`);
    runs.observe(true, 0, 4);
    assert.equal(wideOnes(runs, 100, 6, 4), 100, 'no rows are no time');
  });
});

/** How many threads each process has that this one started, in the order of their start. */
async function threadsOfChildren(parent: number | undefined): Promise<number[]> {
  const children = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8');
  return Promise.all(
    children
      .trim()
      .split(' ')
      .map(async (pid) => (await readdir(`/proc/${pid}/task`)).length),
  );
}
