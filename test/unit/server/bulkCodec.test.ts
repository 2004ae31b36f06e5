import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { BulkCodec } from '../../../src/server/codec/bulkCodec';
import { Failure } from '../../../src/server/failure';
import { eventually, inferBody, iris, startServerOn, stopServers } from './support/serverProcess';

/** Does what the body says, and answers with that as the name of an input. */
const thread = `
const { parentPort } = require('node:worker_threads');
const kept = [];
parentPort.on('message', ({ body }) => {
  const word = Buffer.from(body).toString().trim();
  while (word === 'forever');
  for (const end = Date.now() + 20; word === 'a moment' && Date.now() < end; );
  while (word === 'more memory') kept.push(new Array(1000).fill(word.length));
  if (word === 'crash') throw new Error('it is broken');
  const input = { name: word, datatype: 'FP32', shape: [0], data: new Float32Array(0) };
  parentPort.postMessage({ kind: 'request', request: { inputs: [input], form: { protocol: 'plain', plain: 'outputs' } } });
});`;

describe('the thread for long requests', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bulk-'));
  const script = join(folder, 'thread.cjs');
  const threads: Worker[] = [];
  const started = (worker: Worker) => void threads.push(worker);
  const data = () => ({ signature: { inputs: [], outputs: [] }, model: { name: 'm', version: '1' } });
  const codec = (seconds: number) => new BulkCodec(script, data, { seconds, memoryMib: 32 });
  const read = async (bulk: BulkCodec, word: string, signal = new AbortController().signal) =>
    (await bulk.read('plain', Buffer.from(word), undefined, signal)).inputs[0]?.name;

  before(() => {
    writeFileSync(script, thread);
    process.on('worker', started);
  });
  after(() => {
    process.off('worker', started);
    rmSync(folder, { recursive: true });
  });

  for (const [word, status, words] of [
    ['forever', 504, /^Reading the request took longer than 1 s and was stopped\.$/],
    ['more memory', 507, /^Reading the request takes more memory than the 32 MiB there are for it\.$/],
    ['crash', 500, /it is broken/],
  ] as const) {
    it(`is ended by what says "${word}", and what waits behind that is read by another`, async () => {
      const bulk = codec(word === 'forever' ? 1 : 20);
      const bad = read(bulk, word);
      const neighbours = ['a', 'b'].map((name) => read(bulk, name));
      await assert.rejects(bad, (error) => {
        assert.ok(error instanceof Failure);
        assert.equal(error.status, status);
        assert.match(error.message, words);
        return true;
      });
      assert.deepEqual(await Promise.all(neighbours), ['a', 'b']);
    });
  }

  it('does nothing more for clients that have left', async () => {
    const bulk = codec(20);
    const [one, two] = [new AbortController(), new AbortController()];
    const left = [read(bulk, 'forever', one.signal), read(bulk, 'forever', two.signal)];
    const next = read(bulk, 'next');
    two.abort(new Error('the second has left'));
    await assert.rejects(left[1] as Promise<unknown>, /the second has left/);
    one.abort(new Error('the first has left'));
    await assert.rejects(left[0] as Promise<unknown>, /the first has left/);
    assert.equal(await next, 'next');
  });

  it('outlives a client that leaves, where it is done in a moment', async () => {
    const bulk = codec(20);
    threads.length = 0;
    await read(bulk, 'start');
    const client = new AbortController();
    const left = read(bulk, 'a moment', client.signal);
    const next = read(bulk, 'next');
    client.abort(new Error('it has left'));
    await assert.rejects(left, /it has left/);
    assert.equal(await next, 'next');
    assert.equal(threads.length, 1);
  });

  it('is ended when it has grown and has nothing to do; the next request starts another one', async () => {
    threads.length = 0;
    const bulk = codec(20);
    await read(bulk, 'x'.padEnd(8 * 2 ** 20));
    await once(threads[0] as Worker, 'exit');
    assert.equal(await read(bulk, 'y'), 'y');
    assert.equal(threads.length, 2);
  });
});

describe('a long request of many small values', () => {
  after(stopServers);

  it('is refused when it takes too much memory, harms no other, and leaves nothing behind', async function () {
    this.timeout(120_000);
    const environment = { NODE_OPTIONS: '--max-old-space-size=200' };
    const server = await startServerOn({ environment }, iris, '--request-timeout-seconds', '60');
    const memory = async () => {
      const { text } = await server.fetch('/metrics');
      return Number(/^process_resident_memory_bytes (\d+)/m.exec(text)?.[1]);
    };
    const bad = server.fetch('/predict', { method: 'POST', body: `{"inputs":[${'{},'.repeat(8e6)}{}]}` });
    const rows = 10_000;
    const row = [5.1, 3.5, 1.4, 0.2];
    const good = server.infer(inferBody('measurements', [rows, 4], Array(rows).fill(row)));
    const { status, text } = await bad;
    assert.equal(status, 507);
    assert.match(text, /Reading the request takes more memory/);
    assert.equal((await good).status, 200);
    await eventually(async () => (await memory()) < 400 * 2 ** 20);
  });
});
