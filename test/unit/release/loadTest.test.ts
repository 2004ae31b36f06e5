import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';
import type { Tensor } from '../../../src/core/inference/tensor';
import { loadTest } from '../../../src/core/release/loadTest';
import { VerifyError } from '../../../src/core/release/verify';
import { listen, until } from '../metrics/support';
import { release } from './fakeTarget';

const input: Tensor = { name: 'x', datatype: 'FP32', shape: [1], data: Float32Array.of(1) };

let server: Awaited<ReturnType<typeof listen>>;

/** A load of four connections on a server that answers its requests, counted from 1, like this. */
async function load(
  answer: (count: number, response: ServerResponse) => void,
  signal = new AbortController().signal,
) {
  const seen = { requests: 0, open: 0 };
  server = await listen((_request, response) => {
    seen.open++;
    response.on('close', () => seen.open--);
    answer(++seen.requests, response);
  });
  const outcome = loadTest(
    release(2, 'candidate', { url: server.url }),
    [[input]],
    { seconds: 3, connections: 4, maxP95Ms: 1000 },
    { signal, report: () => undefined },
  );
  return { seen, outcome };
}

const predict = (response: ServerResponse) => void setTimeout(() => response.end('{"outputs":[]}'), 20);

function refuse(response: ServerResponse, words: string): void {
  response.statusCode = 500;
  response.end(JSON.stringify({ error: words }));
}

describe('a load', () => {
  afterEach(() => server.close());

  it('ends all its connections when one fails', async () => {
    const { seen, outcome } = await load((count, response) =>
      count === 10 ? refuse(response, 'out of memory') : predict(response),
    );
    await assert.rejects(outcome, /fails under load, after \d+ answers: out of memory$/);
    // What was sent before may still arrive.
    await sleep(100);
    const { requests } = seen;
    await sleep(200);
    assert.equal(seen.requests, requests);
  });

  it('gives up what is not answered yet, and tells of the first failure', async () => {
    const { seen, outcome } = await load((count, response) => {
      if (count === 4) refuse(response, 'the first');
    });
    const begun = performance.now();
    await assert.rejects(outcome, (error) => {
      assert.ok(error instanceof VerifyError);
      assert.match(error.message, /fails under load, after 0 answers: the first$/);
      return true;
    });
    await until(() => seen.open === 0, 'the connections to end');
    assert.ok(performance.now() - begun < 2000);
  });

  it('that is cancelled ends with the reason of that', async () => {
    const controller = new AbortController();
    const reason = new DOMException('enough', 'AbortError');
    const { outcome } = await load((count, response) => {
      predict(response);
      if (count === 10) controller.abort(reason);
    }, controller.signal);
    await assert.rejects(outcome, reason);
  });
});
