import assert from 'node:assert/strict';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { all, connectTo } from './support/longAnswer';
import { eventually, inferBody, iris, startServer, stopServers } from './support/serverProcess';
import type { TestServer } from './support/serverProcess';

/** Clients that do not behave. */
describe('server clients', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer(iris, '--max-body-mib', '0.5', '--request-timeout-seconds', '1');
  });
  after(stopServers);

  /** How often requests of this route ended with this status. */
  async function counted(route: string, status: number): Promise<number> {
    const { text } = await server.fetch('/metrics');
    const line = new RegExp(`^slipway_requests_total\\{route="${route}",status="${status}"\\} (\\d+)$`, 'm');
    return Number(line.exec(text)?.[1] ?? 0);
  }

  const open = () => connectTo(server);

  /** Bytes of bodies so far, of requests and of answers. */
  async function bytes(): Promise<{ request: number; response: number }> {
    const { text } = await server.fetch('/metrics');
    const of = (what: string) =>
      Number(new RegExp(`^slipway_${what}_bytes_total (\\d+)$`, 'm').exec(text)?.[1]);
    return { request: of('request'), response: of('response') };
  }

  it('refuses a body that is too long, whether it says so or not', async () => {
    const long = 'x'.repeat(600 * 1024);
    const told = await server.fetch('/predict', { method: 'POST', body: long });
    assert.equal(told.status, 413);
    assert.equal(told.text, '{"error":"The body is longer than the limit of 524288 bytes."}');
    const chunks = new ReadableStream({
      start(controller) {
        for (let at = 0; at < 20; at++) controller.enqueue(new TextEncoder().encode(long.slice(0, 50_000)));
        controller.close();
      },
    });
    const untold = await server.fetch('/predict', {
      method: 'POST',
      body: chunks,
      duplex: 'half',
    });
    assert.equal(untold.status, 413);
  });

  it('holds only so much of long bodies at once', async () => {
    const sockets = await Promise.all(Array.from({ length: 5 }, open));
    for (const socket of sockets) {
      socket.write(
        `POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 524288\r\n\r\n${' '.repeat(524_000)}`,
      );
    }
    // Four fit; the fifth is refused before it is complete.
    const answers = sockets.map((socket) => once(socket, 'data'));
    const [answer] = (await Promise.race(answers)) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 503 [\s\S]*Retry-After: 1[\s\S]*Too many long requests/);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const later = await server.fetch('/predict', { method: 'POST', body: ' '.repeat(500_000) });
    assert.equal(later.status, 400, 'there is room again');
  });

  it('answers what is no HTTP with 400, and counts it', async () => {
    const before = await counted('other', 400);
    const socket = await open();
    socket.write('nonsense\r\n\r\n');
    assert.match(await all(socket), /^HTTP\/1\.1 400 [\s\S]*\{"error":"This is no valid HTTP request\."\}$/);
    assert.equal((await counted('other', 400)) - before, 1);
  });

  it('answers headers that are too long with 431', async () => {
    const socket = await open();
    socket.write(`GET / HTTP/1.1\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`);
    assert.match(await all(socket), /^HTTP\/1\.1 431 /);
  });

  it('answers a body that ends early not at all, and counts it once, as a client that left', async () => {
    const [left, refused] = [await counted('predict', 499), await counted('other', 400)];
    for (const end of ['destroy', 'end'] as const) {
      const socket = await open();
      socket.write('POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"inputs"');
      await new Promise((resolve) => setTimeout(resolve, 50));
      socket[end]();
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal((await counted('predict', 499)) - left, 2);
    assert.equal(await counted('other', 400), refused);
  });

  it('answers a body that breaks the rules with 400, and one that comes too slowly with 408', async () => {
    const broken = await open();
    broken.write('POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n');
    assert.match(await all(broken), /^HTTP\/1\.1 400 [\s\S]*This is no valid HTTP request/);
    const slow = await open();
    slow.write('POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{');
    assert.match(await all(slow), /^HTTP\/1\.1 408 [\s\S]*The request came too slowly/);
    assert.equal(await counted('predict', 408), 1);
  });

  it('times a client out that sends its request too slowly', async () => {
    const slow = await open();
    const answer = all(slow);
    slow.write('POST /predict HTTP/1.1\r\nHost: x\r\n');
    // A header that grows and never ends.
    const drip = setInterval(() => slow.write('X'), 200);
    assert.match(await answer, /^HTTP\/1\.1 408 [\s\S]*\{"error":"The request came too slowly\."\}$/);
    clearInterval(drip);
  });

  it('does not time out a connection between two requests', async () => {
    const socket = await open();
    for (let round = 0; round < 2; round++) {
      socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
      const [answer] = (await once(socket, 'data')) as [Buffer];
      assert.match(answer.toString(), /^HTTP\/1\.1 200/);
      await new Promise((resolve) => setTimeout(resolve, 1600));
    }
    socket.destroy();
  });

  it('answers requests that were sent one behind the other, in their order', async () => {
    const socket = await open();
    const body = JSON.stringify(inferBody('measurements', [1, 4], [5.1, 3.5, 1.4, 0.2]));
    const infer = `POST /v2/models/iris/infer HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    socket.write(`${infer}${infer}GET /v2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const answers = await all(socket);
    assert.equal(answers.match(/HTTP\/1\.1 200 OK/g)?.length, 3);
    assert.ok(answers.lastIndexOf('"label"') < answers.indexOf('"slipway"'));
  });

  it('gives what is answered already no second answer, however slowly the rest of it comes', async () => {
    const [slow, long] = [await counted('other', 408), await counted('predict', 413)];
    const socket = await open();
    socket.on('error', () => undefined);
    const answers = all(socket);
    socket.write('POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 600000\r\n\r\n');
    const drip = setInterval(() => socket.write('x'), 100);
    const sent = await answers.finally(() => clearInterval(drip));
    assert.equal(sent.match(/HTTP\/1\.1 \d+/g)?.join(), 'HTTP/1.1 413');
    assert.equal(await counted('other', 408), slow);
    assert.equal((await counted('predict', 413)) - long, 1);
  });

  it('answers a good request before it refuses what follows it', async () => {
    const body = JSON.stringify(inferBody('measurements', [1, 4], [5.1, 3.5, 1.4, 0.2]));
    const infer = `POST /v2/models/iris/infer HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n`;
    for (const rest of ['nonsense\r\n\r\n', 'GET /livez HTTP/1.1\r\n'] as const) {
      const socket = await open();
      socket.write(`${infer}\r\n${body}${infer}\r\n${body}${rest}`);
      const answers = await all(socket);
      const refusal = rest.startsWith('nonsense') ? '400' : '408';
      assert.deepEqual(
        [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
        ['200', '200', refusal],
      );
    }
    const last = await open();
    last.write(`${infer}Connection: close\r\n\r\n${body}nonsense`);
    assert.equal((await all(last)).match(/HTTP\/1\.1 \d+/g)?.join(), 'HTTP/1.1 200');
  });

  it('forgets all requests of a client that leaves, also those sent one behind the other', async () => {
    const patient = await startServer('test/unit/server/models/patience.onnx');
    const metrics = async () => (await patient.fetch('/metrics')).text;
    const body = JSON.stringify(inferBody('n', [1, 1], [1_500_000], 'INT64'));
    const head = `POST /v2/models/patience/infer HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}`;
    const socket = await connectTo(patient);
    socket.write(`${head}\r\n\r\n${body}`.repeat(3));
    await eventually(async () => /^slipway_requests_in_flight 4$/m.test(await metrics()));
    socket.destroy();
    await eventually(async () => /^slipway_requests_in_flight 1$/m.test(await metrics()));
    assert.match(await metrics(), /^slipway_requests_total\{route="infer",status="499"\} 3$/m);
  });

  it('counts the bytes of bodies as they were on the wire', async () => {
    const asked = await bytes();
    // Its own answer is counted once it is there.
    const own = (await bytes()).response - asked.response;
    const packed = gzipSync(' '.repeat(200_000));
    await server.fetch('/predict', {
      method: 'POST',
      body: packed,
      headers: { 'Content-Encoding': 'gzip' },
    });
    const read = await bytes();
    assert.equal(read.request - asked.request, packed.length);

    await server.fetch('/v2', { method: 'HEAD' });
    const headed = await bytes();
    assert.ok(
      Math.abs(headed.response - read.response - own) < 20,
      `${headed.response - read.response} of ${own}`,
    );

    const left = await open();
    left.write('POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"inputs"');
    await eventually(async () =>
      /^slipway_requests_in_flight 2$/m.test((await server.fetch('/metrics')).text),
    );
    left.destroy();
    await eventually(async () => (await bytes()).request - headed.request === 9);
  });

  for (const [what, request, status, words] of [
    ['a request without a host', 'GET /livez HTTP/1.1\r\n\r\n', 400, /needs a Host header/],
    ['an unknown expectation', 'GET /livez HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n', 417, /100-continue/],
    ['what is asked of proxies', 'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n', 405, /no proxy/],
  ] as const) {
    it(`refuses ${what} in words, and counts it`, async () => {
      const before = await counted('other', status);
      const socket = await open();
      socket.write(request);
      const answer = await all(socket);
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
      const { error } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as { error: string };
      assert.match(error, words);
      assert.equal((await counted('other', status)) - before, 1);
    });
  }

  it('answers a client of HTTP/1.0, which names no host', async () => {
    const socket = await open();
    socket.write('GET /livez HTTP/1.0\r\n\r\n');
    assert.match(await all(socket), /^HTTP\/1\.1 200 /);
  });

  it('answers requests whose target is a whole address', async () => {
    for (const [target, status] of [
      ['http://x/livez', 200],
      ['HTTP://x:80/livez?a=/b', 200],
      ['http://x', 404],
    ] as const) {
      const socket = await open();
      socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      assert.match(await all(socket), new RegExp(`^HTTP/1\\.1 ${status} `));
    }
  });

  it('gives back the id of a request byte for byte', async () => {
    for (const path of ['/livez', '/nix', '/v2/models/iris']) {
      const socket = await open();
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nX-Request-Id: Größe\r\nConnection: close\r\n\r\n`);
      assert.match(await all(socket), /X-Request-Id: Größe\r\n/);
    }
  });
});
