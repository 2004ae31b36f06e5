import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { Tensor } from '../../../src/core/inference/tensor';
import { Batcher, type Runner } from '../../../src/server/batching/batcher';
import { readOptions } from '../../../src/server/options';
import { Failure } from '../../../src/server/failure';
import { usableCores } from '../../../src/server/processors';
import type { OutgoingTensor } from '../../../src/server/worker/frames';
import { childProcess } from '../../../src/server/worker/launch';
import { WideRuns } from '../../../src/server/batching/wideRuns';
import { WorkerLink, type RunOptions, type RunResult } from '../../../src/server/worker/workerLink';
import { skip } from '../../host/skip';
import { inferBody, iris, startServer, stopServers, workerScript } from './support/serverProcess';

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

  it('give one that runs alone the cores of the others', async function () {
    if (process.platform !== 'linux') skip(this, 'only Linux tells of the threads of another process');
    if (usableCores() === 1) skip(this, 'one core is shared with nobody');
    const server = await startServer(iris, '--instances', '2');
    const [first = 0, second = 0] = await threadsOfChildren(server.process.pid);
    assert.equal(first - second, usableCores() - 1);
  });

  const wideIn = (...options: string[]) => readOptions(['--model', iris, ...options], {}).wide;

  it('have wide runs where there are several, and nobody says what a run may have', function () {
    const several = ['--instances', '64'];
    assert.equal(wideIn(), undefined);
    assert.equal(wideIn(...several, '--threads', '1'), undefined);
    assert.equal(wideIn(...several, '--execution-providers', 'cuda,cpu'), undefined);
    if (usableCores() === 1) skip(this, 'one core is shared with nobody');
    assert.equal(wideIn(...several)?.threads, usableCores());
    assert.ok((wideIn(...several)?.mostBytes as number) <= 2 ** 28);
    assert.equal(wideIn(...several, '--worker-memory-mib', '800')?.mostBytes, 100 * 2 ** 20);
  });
});

describe('a worker for ONNX', () => {
  let link: WorkerLink | undefined;
  afterEach(() => link?.end(new Failure(503, 'over')));

  async function load(mostBytes: number): Promise<WorkerLink> {
    const limits = { runSeconds: 10, loadSeconds: 10, memoryBytes: 0, outputBytes: 1e6 };
    link = new WorkerLink(childProcess(process.execPath, [await workerScript()])(), limits);
    await link.load(iris, { intraOpThreads: 1, wide: { threads: 2, mostBytes } });
    return link;
  }

  const tunables = process.env['GLIBC_TUNABLES'];
  afterEach(() => {
    if (tunables === undefined) delete process.env['GLIBC_TUNABLES'];
    else process.env['GLIBC_TUNABLES'] = tunables;
  });

  it('asks for large pages, unless the environment says otherwise', async function () {
    if (process.platform !== 'linux') skip(this, 'only Linux tells of the environment of another process');
    for (const [own, expected] of [
      [undefined, 'glibc.malloc.hugetlb=1'],
      ['glibc.malloc.hugetlb=0', 'glibc.malloc.hugetlb=0'],
    ]) {
      if (own === undefined) delete process.env['GLIBC_TUNABLES'];
      else process.env['GLIBC_TUNABLES'] = own;
      const worker = childProcess('/bin/sleep', ['9'])();
      const environment = await readFile(`/proc/${worker.pid}/environ`, 'utf8');
      worker.kill();
      assert.ok(environment.split('\0').includes(`GLIBC_TUNABLES=${expected}`));
    }
  });

  it('has wide runs where the model is small, with the same answers', async () => {
    const small = await load(2 ** 30);
    assert.ok(small.hasWide);
    const inputs = [flowerInput];
    const { outputs } = await small.run(inputs);
    assert.deepEqual((await small.run(inputs, { wide: true })).outputs, outputs);
  });

  it('does without them where it is not', async () => {
    const big = await load(0);
    assert.equal(big.hasWide, false);
    assert.equal((await big.run([flowerInput], { wide: true })).outputs.length, 2);
  });
});

const flowerInput: OutgoingTensor = {
  name: 'measurements',
  datatype: 'FP32',
  shape: [1, 4],
  parts: [Float32Array.of(5.1, 3.5, 1.4, 0.2)],
};

describe('a wide run', () => {
  /** A worker that is done when it is told, and which of its runs were wide. */
  function worker(hasWide: boolean) {
    const told: boolean[] = [];
    const runs: { end: () => void; fail: (failure: Failure) => void }[] = [];
    const runner = {
      ready: true,
      hasWide,
      run: (_: unknown, { wide = false }: RunOptions) => {
        told.push(wide);
        return new Promise<RunResult>((resolve, reject) =>
          runs.push({ end: () => resolve({ outputs: [], milliseconds: wide ? 1 : 2 }), fail: reject }),
        );
      },
    };
    const end = async () => {
      runs.shift()?.end();
      await turn();
    };
    const fail = async (status: number) => {
      runs.shift()?.fail(new Failure(status, 'no'));
      await turn();
    };
    return { runner: runner as unknown as Runner, told, end, fail };
  }

  function asking(log: string[], ...workers: ReturnType<typeof worker>[]): () => Promise<void> {
    const never = { batchable: false, rows: false, log: (text: string) => log.push(text) };
    const batcher = new Batcher(
      workers.map(({ runner }) => runner),
      { maxQueue: 10, maxBatch: 1, queueSeconds: 1, ...never },
      { ran: () => undefined, waited: () => undefined },
    );
    const input: Tensor = { name: 'x', datatype: 'FP32', shape: [1], data: Float32Array.of(1) };
    return async () => {
      batcher.submit([input]).outputs.catch(() => undefined);
      await turn();
    };
  }

  it('has the machine to itself', async () => {
    const [one, two] = [worker(true), worker(false)];
    const ask = asking([], one, two);
    for (let run = 0; run < 3; run++) {
      await ask();
      await one.end();
    }
    assert.deepEqual(one.told.splice(0), [true, false, true], 'each way is tried');
    await ask();
    await one.end();
    await ask();
    assert.deepEqual(one.told.splice(0), [false, true], 'and soon again');
    await ask();
    assert.deepEqual(two.told.splice(0), [false], 'beside another');
    await one.end();
    await ask();
    assert.deepEqual(one.told.splice(0), [false], 'beside another');
    await two.end();
    await one.end();
    void ask();
    await ask();
    assert.deepEqual([one.told, two.told], [[false], [false]], 'another waits');
  });

  it('is made by a worker that has them', async () => {
    const [one, two] = [worker(false), worker(false)];
    const ask = asking([], one, two);
    await ask();
    await ask();
    assert.deepEqual([one.told, two.told], [[false], [false]]);
  });

  it('is the last one when such runs fail for want of time or memory', async () => {
    const log: string[] = [];
    const one = worker(true);
    const ask = asking(log, one);
    for (const status of [503, 507, 504]) {
      await ask();
      await one.fail(status);
    }
    for (let run = 0; run < 2; run++) {
      await ask();
      await one.end();
    }
    assert.deepEqual(one.told, [true, true, true, false, true], 'each may be the fault of its request');
    for (let run = 0; run < 3; run++) {
      await ask();
      await one.fail(507);
    }
    assert.deepEqual(log, ['There are no more runs on all cores, since they fail: no']);
    one.told.length = 0;
    for (let run = 0; run < 10; run++) {
      await ask();
      await one.end();
    }
    assert.ok(!one.told.includes(true));
  });

  /** How many of so many runs are wide, where each way takes so long. */
  function wideOnes(runs: WideRuns, count: number, narrow: number, wide: number, values = 100): number {
    let found = 0;
    for (let run = 0; run < count; run++) {
      const isWide = runs.next(values);
      if (isWide) found++;
      runs.observe(isWide, values, isWide ? wide : narrow);
    }
    return found;
  }

  it('is made while that is faster, and the other way tried now and then', () => {
    const runs = new WideRuns();
    const narrowOnes = 1000 - wideOnes(runs, 1000, 6, 4);
    assert.ok(narrowOnes > 5 && narrowOnes < 15, `${narrowOnes}`);
    assert.ok(wideOnes(runs, 1000, 6, 7) < 20, 'it has become the slower one');
    const again = wideOnes(runs, 1000, 6, 4);
    assert.ok(again > 790 && again < 1000, `it is the faster one again: ${again}`);
  });

  it('is not given up for one that was held up', () => {
    const runs = new WideRuns();
    wideOnes(runs, 300, 6, 4);
    runs.observe(true, 100, 4000);
    assert.ok(wideOnes(runs, 100, 6, 4) >= 99);
  });

  it('is as good as those of its size', () => {
    const runs = new WideRuns();
    wideOnes(runs, 300, 6, 4, 100_000);
    assert.ok(wideOnes(runs, 300, 1, 2, 4) < 20, 'short ones are not');
    assert.ok(wideOnes(runs, 100, 6, 4, 100_000) >= 99, 'long ones still are');
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
