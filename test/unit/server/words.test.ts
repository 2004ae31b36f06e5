import assert from 'node:assert/strict';
import { bytesOf } from '../../../src/core/inference/tensorBytes';
import { inferBody, startServer, stopServers } from './support/serverProcess';
import type { TestServer } from './support/serverProcess';

const path = '/v2/models/words/infer';

function packed(...values: (string | Uint8Array)[]): Buffer {
  const parts = values.map((value) => {
    const raw = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(raw.length);
    return Buffer.concat([length, raw]);
  });
  return Buffer.concat(parts);
}

/** A request whose words come as bytes behind its JSON. */
function binary(count: number, bytes: Buffer, parameters = {}): RequestInit {
  const input = {
    name: 'text',
    datatype: 'BYTES',
    shape: [count],
    parameters: { binary_data_size: bytes.length },
  };
  const head = Buffer.from(JSON.stringify({ inputs: [input], parameters }));
  return {
    method: 'POST',
    headers: { 'Inference-Header-Content-Length': String(head.length) },
    body: Buffer.concat([head, bytes]),
  };
}

const post = (words: (string | null)[], parameters = {}): RequestInit => ({
  method: 'POST',
  body: JSON.stringify({ ...inferBody('text', [words.length], words, 'BYTES'), parameters }),
});

describe('words', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer('test/unit/server/models/words.onnx');
  });
  after(stopServers);

  const wordsIn = (text: string) => {
    const { outputs = assert.fail(text.slice(0, 1000)) } = JSON.parse(text) as {
      outputs?: { data: string[] }[];
    };
    return outputs[0]?.data;
  };

  it('come back as they were sent, as JSON and as bytes, few and many', async () => {
    for (const count of [0, 1, 3, 50_000]) {
      const words = Array.from(
        { length: count },
        (_, index) => ['', 'é"\n😀', 'a'.repeat(index % 9)][index % 3] ?? '',
      );
      const bytes = Buffer.from(bytesOf(words));
      for (const request of [post(words), binary(count, bytes)]) {
        assert.deepEqual(wordsIn((await server.fetch(path, request)).text), words);
      }
      const asBytes = { binary_data_output: true };
      for (const request of [post(words, asBytes), binary(count, bytes, asBytes)]) {
        const response = await fetch(server.url + path, request);
        const body = Buffer.from(await response.arrayBuffer());
        assert.deepEqual(
          body.subarray(Number(response.headers.get('inference-header-content-length'))),
          bytes,
        );
      }
    }
  });

  it('that run together come back to those who sent them', async () => {
    for (let round = 0; round < 5; round++) {
      const requests = Array.from({ length: 40 }, (_, index) =>
        Array.from({ length: 1 + (index % 4) }, (_, row) => `${'é'.repeat(index % 5)} ${index} ${row}`),
      );
      const answers = await Promise.all(
        requests.map((words, index) =>
          server.fetch(path, index % 2 ? post(words) : binary(words.length, packed(...words))),
        ),
      );
      answers.forEach(({ text }, index) => assert.deepEqual(wordsIn(text), requests[index]));
    }
    const runs = /^slipway_batch_rows_count (\d+)/m.exec((await server.fetch('/metrics')).text)?.[1];
    assert.ok(Number(runs) < 200, `${runs} runs`);
  });

  it('that onnxruntime would cut or can not read are refused, alone', async () => {
    const latin = Uint8Array.of(0x63, 0x61, 0x66, 0xe9);
    for (const [request, words] of [
      [post(['ok', 'a\0b']), /Input \\"text\\": BYTES value 1 has a NUL character/],
      [binary(1, packed('\0')), /BYTES value 0 has a NUL character/],
      [binary(2, packed('ok', latin)), /BYTES value 1 is no UTF-8/],
      [post(['ok', null]), /Input \\"text\\": BYTES value 1 is missing, and ONNX strings can not be/],
    ] as const) {
      const [bad, good] = await Promise.all([
        server.fetch(path, request),
        server.fetch(path, post(['good'])),
      ]);
      assert.equal(bad.status, 400, bad.text);
      assert.match(bad.text, words);
      assert.deepEqual(wordsIn(good.text), ['good']);
    }
  });

  it('as bytes are refused when their lengths lie', async () => {
    for (const [bytes, count, words] of [
      [packed('a', 'b'), 3, /expected 3 BYTES values, got 10 bytes|BYTES value 2 is longer/],
      [packed('a', 'b'), 1, /5 bytes are left after 1 BYTES values/],
      [Buffer.of(5, 0, 0, 0, 1), 1, /BYTES value 0 is longer than what was sent/],
      [Buffer.of(255, 255, 255, 255), 1, /BYTES value 0 is longer than what was sent/],
      [Buffer.of(0, 0, 0, 0x80), 1, /BYTES value 0 is longer than what was sent/],
      [Buffer.of(1, 0, 0, 0, 1, 0, 0), 1, /2 bytes are left/],
    ] as const) {
      const { status, text } = await server.fetch(path, binary(count, bytes));
      assert.equal(status, 400);
      assert.match(text, words);
    }
  });

  it('in JSON that is no UTF-8 are refused', async () => {
    const [before, after] = JSON.stringify(inferBody('text', [1], ['caf?'], 'BYTES')).split('?') as [
      string,
      string,
    ];
    const latin = Buffer.concat([Buffer.from(before), Buffer.of(0xe9), Buffer.from(after)]);
    const long = Buffer.concat([Buffer.from(' '.repeat(200_000)), latin]);
    for (const [to, body] of [
      [path, latin],
      [path, long],
      ['/predict', latin],
    ] as const) {
      const { status, text } = await server.fetch(to, { method: 'POST', body });
      assert.equal(status, 400, text);
      assert.match(text, /not valid UTF-8/);
    }
    const csv = { method: 'POST', headers: { 'Content-Type': 'text/csv' }, body: Buffer.of(0xe9) };
    assert.match((await server.fetch('/invocations', csv)).text, /not valid UTF-8/);
  });

  for (const [form, request] of [
    ['bytes', () => binary(2e6, Buffer.alloc(4 * 2e6))],
    ['JSON', () => post(Array<string>(1e6).fill('a word'))],
  ] as const) {
    it(`do not hold up other requests, however many there are: ${form}`, async function () {
      this.timeout(120_000);
      const { method, headers, body } = request();
      const started = performance.now();
      let longest = 0;
      let done = false;
      const long = fetch(server.url + path, { method, headers, body })
        .then(async (response) => [response.status, await response.arrayBuffer()] as const)
        .finally(() => (done = true));
      while (!done) {
        const asked = performance.now();
        await server.fetch('/livez');
        longest = Math.max(longest, performance.now() - asked);
      }
      const whole = performance.now() - started;
      const [status, answer] = await long;
      assert.equal(status, 200, Buffer.from(answer).toString().slice(0, 1000));
      assert.ok(longest < whole / 16, `a short request took ${longest} ms of ${whole} ms`);
    });
  }
});
