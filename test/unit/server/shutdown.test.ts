import assert from 'node:assert/strict';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { all, askAndStall, connectTo, echo, echoRequest } from './support/longAnswer';
import { eventually, inferBody, iris, startServer, stopServers } from './support/serverProcess';
import type { TestServer } from './support/serverProcess';

const patience = resolve('test/unit/server/models/patience.onnx');

/** How a server ends that is told to while clients are connected. */
describe('server shutdown', () => {
  afterEach(stopServers);

  const seconds = async (work: Promise<unknown>) => {
    const started = performance.now();
    await work;
    return (performance.now() - started) / 1000;
  };
  const inFlight = async (server: TestServer) =>
    Number(/^slipway_requests_in_flight (\d+)$/m.exec((await server.fetch('/metrics')).text)?.[1]);

  it('sends a long answer to its end, also to a client that reads slowly', async () => {
    const server = await startServer(echo);
    const bytes = 30_000_000;
    const { socket, head } = await askAndStall(server, echoRequest(bytes));
    const exit = server.stop();
    await sleep(500);
    let received = head.length;
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
      socket.pause();
      setTimeout(() => socket.resume(), 2);
    });
    await once(socket.resume(), 'close');
    assert.ok(received > bytes, `${received} bytes came`);
    assert.equal(await exit, 0);
  });

  it('does not wait for a client that never reads its answer', async () => {
    const server = await startServer(echo, '--request-timeout-seconds', '2');
    const { socket } = await askAndStall(server, echoRequest(30_000_000));
    assert.ok((await seconds(server.stop())) < 6);
    socket.destroy();
  });

  it('does not wait for connections that ask for nothing', async () => {
    const server = await startServer(iris);
    const fresh = await connectTo(server);
    const used = await connectTo(server);
    used.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(used, 'data');
    assert.ok((await seconds(server.stop())) < 3);
    for (const socket of [fresh, used]) socket.destroy();
  });

  it('waits a short while for requests that are on their way, and then refuses them', async () => {
    const server = await startServer(iris);
    const sent = [
      'POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{',
      'POST /predict HTTP/1.1\r\nHost: x\r\nContent-',
    ];
    const sockets = await Promise.all(sent.map(() => connectTo(server)));
    const answers = sockets.map(all);
    sockets.forEach((socket, index) => socket.write(sent[index] as string));
    const body = JSON.stringify(inferBody('measurements', [1, 4], [5.1, 3.5, 1.4, 0.2]));
    const late = await connectTo(server);
    const lateAnswer = all(late);
    late.write(`POST /v2/models/iris/infer HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`);
    await eventually(async () => (await inFlight(server)) === 3);
    const exit = server.stop();
    setTimeout(() => late.write(body), 1000);
    assert.ok((await seconds(exit)) < 8);
    for (const answer of await Promise.all(answers))
      assert.match(answer, /^HTTP\/1\.1 408 [\s\S]*\{"error":"The request came too slowly\."\}$/);
    assert.match(await lateAnswer, /^HTTP\/1\.1 200 [\s\S]*Connection: close/);
    assert.equal(await exit, 0);
  });

  it('says on what it answers last that the connection ends', async () => {
    const server = await startServer(patience);
    const body = JSON.stringify(inferBody('n', [1, 1], [1_500_000], 'INT64'));
    const socket = await connectTo(server);
    const answer = all(socket);
    socket.write(
      `POST /v2/models/patience/infer HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await eventually(async () => (await inFlight(server)) === 2);
    await server.stop();
    assert.match(await answer, /^HTTP\/1\.1 200 [\s\S]*Connection: close/);
  });
});
