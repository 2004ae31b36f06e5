import assert from 'node:assert/strict';
import { once } from 'node:events';
import { askAndStall, connectTo, echo, echoRequest } from './support/longAnswer';
import { eventually, startServer, stopServers } from './support/serverProcess';

/** Clients that ask for much and read little of it. */
describe('clients that do not read', () => {
  afterEach(stopServers);

  it('are let go after a while, and hold no more memory than there is for them', async () => {
    const bytes = 12_000_000;
    const server = await startServer(echo, '--max-body-mib', '12', '--request-timeout-seconds', '4');
    const heads: string[] = [];
    const sockets = [];
    for (let asked = 0; asked < 7; asked++) {
      const { socket, head } = await askAndStall(server, echoRequest(bytes));
      heads.push(head.toString('latin1', 0, 400));
      sockets.push(socket);
    }
    const refused = heads.filter((head) => head.startsWith('HTTP/1.1 503 '));
    assert.ok(
      heads.slice(0, 4).every((head) => head.startsWith('HTTP/1.1 200 ')),
      'what fits is answered',
    );
    assert.ok(refused.length > 0);
    for (const head of refused)
      assert.match(head, /Retry-After: 1[\s\S]*\{"error":"Too many long requests at once: their answers/);
    assert.equal((await server.fetch('/livez')).status, 200, 'short answers have room');

    const later = async () => {
      const socket = await connectTo(server);
      const answer = once(socket, 'data') as Promise<[Buffer]>;
      socket.write(echoRequest(bytes));
      const [head] = await answer;
      socket.destroy();
      return head.toString('latin1', 0, 12);
    };
    // They have not left: it is the server that ends them.
    await eventually(async () => (await later()) === 'HTTP/1.1 200', 20);
    for (const socket of sockets) socket.destroy();
  });

  it('are not those whose model takes its time', async () => {
    const model = 'test/unit/server/models/patience.onnx';
    const server = await startServer(model, '--request-timeout-seconds', '1');
    const started = performance.now();
    const body = '{"inputs":[{"name":"n","datatype":"INT64","shape":[1,1],"data":[4000000]}]}';
    const { status } = await server.fetch('/v2/models/patience/infer', { method: 'POST', body });
    assert.equal(status, 200);
    assert.ok(performance.now() - started > 1000, 'it took longer than the limit');
  });
});
