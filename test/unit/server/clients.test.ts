import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { inferBody, iris, startServer, stopServers } from './support/serverProcess';
import type { TestServer } from './support/serverProcess';

/** Clients that do not behave. */
describe('server clients', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer(iris, '--max-body-mib', '0.5', '--request-timeout-seconds', '1');
  });
  after(stopServers);

  async function open(): Promise<Socket> {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  }

  async function all(socket: Socket): Promise<string> {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(socket, 'close');
    return Buffer.concat(chunks).toString();
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

  it('answers what is no HTTP with 400, and counts it', async () => {
    const socket = await open();
    socket.write('nonsense\r\n\r\n');
    assert.match(await all(socket), /^HTTP\/1\.1 400 [\s\S]*\{"error":"This is no valid HTTP request\."\}$/);
    assert.match(
      (await server.fetch('/metrics')).text,
      /^slipway_requests_total\{route="other",status="400"\} 1$/m,
    );
  });

  it('answers headers that are too long with 431', async () => {
    const socket = await open();
    socket.write(`GET / HTTP/1.1\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`);
    assert.match(await all(socket), /^HTTP\/1\.1 431 /);
  });

  it('answers a body that ends early not at all, and counts it as a client that left', async () => {
    const socket = await open();
    socket.write('POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"inputs"');
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.match(
      (await server.fetch('/metrics')).text,
      /^slipway_requests_total\{route="predict",status="499"\} 1$/m,
    );
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
});
