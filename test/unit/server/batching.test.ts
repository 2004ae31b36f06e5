import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, inferBody, iris, startServer, stopServers } from './support/serverProcess';
import type { TestServer } from './support/serverProcess';

const model = (name: string) => resolve(`test/unit/server/models/${name}.onnx`);
const count = (n: number) => inferBody('n', [1, 1], [n], 'INT64');
const index = (i: number) => inferBody('index', [1], [i], 'INT64');
const forever = 2 ** 53;
const read = 'slipway_phase_duration_seconds_count{phase="preprocess"}';

async function metric(server: TestServer, series: string): Promise<number> {
  const { text } = await server.fetch('/metrics');
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(series))
      ?.split(' ')
      .at(-1) ?? Number.NaN,
  );
}

/** The values of the first output. */
const values = (body: Record<string, unknown>) => (body['outputs'] as { data: number[] }[])[0]?.data;

/** Keeps the worker busy while `work` sends its requests. */
async function whileBusy<T>(server: TestServer, work: () => Promise<T>[]): Promise<T[]> {
  const busy = server.infer(count(800_000));
  await sleep(150);
  const all = Promise.all(work());
  await busy;
  return all;
}

function ask(server: TestServer, body: unknown, signal: AbortSignal) {
  const path = '/v2/models/patience/infer';
  return server.fetch(path, { method: 'POST', body: JSON.stringify(body), signal });
}

/** Has the worker begun a run that breaks its limit. */
async function beginEndless(server: TestServer) {
  const before = await metric(server, read);
  const endless = server.infer(count(forever));
  await eventually(async () => (await metric(server, read)) === before + 1);
  return { endless };
}

/** The answers to counts that wait in this order behind a run that breaks its limit. */
async function inOrder(server: TestServer, counts: number[]) {
  const { endless } = await beginEndless(server);
  const answers: ReturnType<TestServer['infer']>[] = [];
  for (const n of counts) {
    answers.push(server.infer(count(n)));
    await eventually(async () => (await metric(server, 'slipway_queue_length')) === answers.length);
  }
  assert.equal((await endless).status, 504);
  return Promise.all(answers);
}

describe('server batching', () => {
  afterEach(stopServers);

  it('runs what arrives during a run together, and gives each its own answer', async () => {
    const server = await startServer(model('patience'));
    // The first two that meet find out that rows are independent.
    await whileBusy(server, () => [1, 2].map((n) => server.infer(count(n))));
    const runs = await metric(server, 'slipway_batch_rows_count');
    const answers = await whileBusy(server, () =>
      Array.from({ length: 20 }, (_, n) => server.infer(count(n))),
    );
    assert.deepEqual(
      answers.map(({ body }) => values(body)),
      Array.from({ length: 20 }, (_, n) => [n]),
    );
    assert.equal((await metric(server, 'slipway_batch_rows_count')) - runs, 2);
  });

  it('splits requests of several rows again', async () => {
    const server = await startServer(iris);
    const flowers = Array.from({ length: 60 }, (_, i) => [4 + i / 20, 3, 1 + i / 12, 0.2 + i / 30]);
    const whole = await server.infer(inferBody('measurements', [60, 4], flowers));
    const expected = values(whole.body) as number[];
    for (let round = 0; round < 5; round++) {
      const sizes = Array.from({ length: 30 }, (_, i) => [i, 1 + (i % 7)] as const);
      const answers = await Promise.all(
        sizes.map(([from, rows]) =>
          server.infer(inferBody('measurements', [rows, 4], flowers.slice(from, from + rows))),
        ),
      );
      answers.forEach(({ body }, i) => {
        const [from, rows] = sizes[i] as readonly [number, number];
        assert.deepEqual(values(body), expected.slice(from, from + rows));
      });
    }
    assert.ok((await metric(server, 'slipway_batch_rows_count')) < 100, 'some ran together');
  });

  it('never lets rows share a run where that changes the answer', async () => {
    const server = await startServer(model('centred'));
    const rows = (i: number) => [i, 0, -i, 2];
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => server.infer(inferBody('x', [2, 2], rows(i + 1)))),
      );
      answers.forEach(({ body }, i) => assert.deepEqual(values(body), [i + 1, -1, -(i + 1), 1]));
    }
    await eventually(() => server.log().includes('answered differently next to another one'));
  });

  it('lets a bad request fail alone', async () => {
    const server = await startServer(model('picky'));
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all([0, 1, 2, 7, 0, 1, -9, 2].map((i) => server.infer(index(i))));
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 200, 500, 200, 200, 500, 200],
      );
      assert.deepEqual(
        answers.flatMap(({ body }) => (body['outputs'] ? values(body) : [])),
        [10, 20, 30, 10, 20, 30],
      );
      assert.match(answers[3]?.body['error'] as string, /The model failed: Gather.*out of/);
    }
  });

  for (const counts of [
    [forever, 1, 3, 4],
    [1, 3, forever, 4],
    [1, 3, 4, forever],
    [forever, forever, 3, 4],
    [1, forever, 3, forever],
  ]) {
    const place = counts.map((n) => (n === forever ? 'endless' : 'good')).join(', ');
    it(`lets an endless request break its limit alone: ${place}`, async () => {
      const server = await startServer(model('patience'), '--run-timeout-seconds', '1');
      await whileBusy(server, () => [1, 2].map((n) => server.infer(count(n))));
      const answers = await inOrder(server, counts);
      assert.deepEqual(
        answers.map(({ status }) => status),
        counts.map((n) => (n === forever ? 504 : 200)),
      );
    });
  }

  it('does not run a request again whose client left while it ran in company', async () => {
    const server = await startServer(model('patience'), '--run-timeout-seconds', '1');
    await whileBusy(server, () => [1, 2].map((n) => server.infer(count(n))));
    const restarts = await metric(server, 'slipway_worker_restarts_total');
    const { endless } = await beginEndless(server);
    const patience = new AbortController();
    const left = assert.rejects(ask(server, count(forever), patience.signal));
    const staying = [1, 3].map((n) => server.infer(count(n)));
    await eventually(async () => (await metric(server, 'slipway_queue_length')) === 3);
    assert.equal((await endless).status, 504);
    await eventually(async () => (await metric(server, 'slipway_queue_length')) === 0);
    patience.abort();
    await left;
    for (const { status } of await Promise.all(staying)) assert.equal(status, 200);
    assert.equal(await metric(server, 'slipway_worker_restarts_total'), restarts + 2);
  });

  for (const way of ['deadline', 'client'] as const) {
    it(`ends a run that nobody waits for any more when others do: ${way}`, async () => {
      const server = await startServer(model('patience'));
      await server.infer(count(1));
      const patience = new AbortController();
      const parameters = way === 'deadline' ? { timeout: 300_000 } : {};
      const left = ask(server, { ...count(forever), parameters }, patience.signal);
      await eventually(async () => (await metric(server, read)) === 2);
      if (way === 'client') patience.abort();
      const ended = await left.then(
        ({ status }) => status,
        () => 499,
      );
      assert.equal(ended, way === 'deadline' ? 504 : 499);
      const asked = performance.now();
      assert.equal((await server.infer(count(2))).status, 200);
      assert.ok(performance.now() - asked < 10_000, 'long before the limit of 30 s');
      assert.match(server.log(), /A run that nobody waited for any more was stopped/);
    });
  }

  it('lets a run go on whose client has left while nobody else waits', async () => {
    const server = await startServer(model('patience'));
    await server.infer(count(1));
    const runs = await metric(server, 'slipway_batch_rows_count');
    const late = await server.infer({ ...count(4_000_000), parameters: { timeout: 100_000 } });
    assert.equal(late.status, 504);
    await eventually(async () => (await metric(server, 'slipway_batch_rows_count')) === runs + 1, 25);
    assert.equal(await metric(server, 'slipway_worker_restarts_total'), 0);
  });

  it('counts the rows of a request, whether requests run together or not', async () => {
    const flowers = inferBody('measurements', [60, 4], new Array(240).fill(1));
    for (const args of [[], ['--max-batch', '1']]) {
      const server = await startServer(iris, ...args);
      await server.infer(flowers);
      assert.equal(await metric(server, 'slipway_batch_rows_sum'), 60, args.join(' '));
      assert.equal(await metric(server, 'slipway_batch_rows_count'), 1);
    }
    const scalar = await startServer(model('scalar'));
    await scalar.infer(inferBody('x', [], [1], 'INT64'));
    assert.equal(await metric(scalar, 'slipway_batch_rows_sum'), 1);
  });

  it('counts once how long a request waits, also when it runs again alone', async () => {
    const server = await startServer(model('picky'));
    const indices = [0, 1, 2, 7, 0, 1, -9, 2];
    for (let round = 0; round < 5; round++) await Promise.all(indices.map((i) => server.infer(index(i))));
    assert.match(server.log(), /A run of \d+ requests failed/);
    assert.equal(await metric(server, 'slipway_phase_duration_seconds_count{phase="queue"}'), 40);
  });

  it('runs no more requests together than it may', async () => {
    const server = await startServer(model('patience'), '--max-batch', '1');
    await whileBusy(server, () => Array.from({ length: 10 }, (_, n) => server.infer(count(n))));
    assert.equal(await metric(server, 'slipway_batch_rows_count'), 11);
  });

  it('refuses what does not fit into the queue, and says when to come again', async () => {
    const server = await startServer(model('patience'), '--max-queue', '3');
    const busy = server.infer(count(1_500_000));
    await sleep(150);
    const waiting = Array.from({ length: 3 }, () => server.infer(count(1)));
    await eventually(async () => (await metric(server, 'slipway_queue_length')) === 3);
    const refused = await server.fetch('/v2/models/patience/infer', {
      method: 'POST',
      body: JSON.stringify(count(1)),
    });
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get('retry-after'), '1');
    for (const { status } of await Promise.all([busy, ...waiting])) assert.equal(status, 200);
    assert.equal(await metric(server, 'slipway_requests_total{route="infer",status="503"}'), 1);
  });

  it('forgets a request whose client has left', async () => {
    const server = await startServer(model('patience'));
    const busy = server.infer(count(1_500_000));
    await sleep(150);
    const impatient = new AbortController();
    const gone = ask(server, count(forever), impatient.signal);
    await eventually(async () => (await metric(server, 'slipway_queue_length')) === 1);
    impatient.abort();
    await assert.rejects(gone);
    await eventually(async () => (await metric(server, 'slipway_queue_length')) === 0);
    assert.equal((await busy).status, 200);
    assert.equal((await server.infer(count(1))).status, 200);
    assert.equal(await metric(server, 'slipway_requests_total{route="infer",status="499"}'), 1);
    assert.equal(await metric(server, 'slipway_requests_in_flight'), 1);
  });
});
