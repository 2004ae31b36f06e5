import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { locateEngine } from '../../../src/core/docker/engineLocation';
import type { Release, Target } from '../../../src/core/target/target';
import {
  cleanUp,
  predict,
  sendTraffic,
  startCandidate,
  stateOf,
  subjectOf,
  targetOf,
  taskOf,
  type Subject,
} from './support';

const name = 'lost-signal-test';

describe('a proxy that loses the signal for a reload, as HAProxy does while it reloads,', () => {
  /** Called for each such signal; the engine says that it was sent, and where this says so, it was not. */
  let loses: () => boolean;
  let server: Server;
  let iris: Subject;
  let target: Target;
  let first: Release;

  before(async () => {
    iris = await subjectOf('iris');
    server = createServer((incoming, outgoing) => {
      if (incoming.url?.endsWith('/kill?signal=SIGUSR2') && loses()) outgoing.writeHead(204).end();
      else forward(incoming, outgoing);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  beforeEach(async () => {
    await cleanUp(name);
    loses = () => false;
    target = targetOf(name, { host: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}` });
    first = await target.promote(await startCandidate(target, iris), taskOf());
  });
  afterEach(() => cleanUp(name));
  after(() => server.close());

  async function revisionThere(): Promise<string> {
    assert.ok(first.stableUrl);
    return (await predict(first.stableUrl)).revision;
  }

  it('is told again', async () => {
    assert.ok(first.stableUrl);
    const traffic = sendTraffic(first.stableUrl);
    let signals = 0;
    loses = () => signals++ % 2 === 0;
    await target.promote(await startCandidate(target, iris), taskOf());
    assert.equal(await stateOf(target), '2 serving ready, 1 retired stopped');
    assert.equal(await revisionThere(), 'r2');
    await traffic.stop();
  });

  it('is told again also to go back, before the release that was cancelled is removed', async () => {
    const candidate = await startCandidate(target, iris);
    const controller = new AbortController();
    let signals = 0;
    loses = () => {
      signals++;
      // The second one is for the new routes. It gets through; the person cancels; and the one after it, which is to undo it, is lost.
      if (signals === 2) setTimeout(() => controller.abort(), 80);
      return signals === 3;
    };
    await assert.rejects(target.promote(candidate, taskOf(controller.signal)), { name: 'AbortError' });
    assert.ok(signals > 3);
    assert.equal(await revisionThere(), 'r1');
    await target.fail(candidate, 'it was cancelled', taskOf());
    assert.equal(await revisionThere(), 'r1');
  });
});

function forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { protocol, pathname, hostname, port } = new URL(locateEngine('').address);
  const where = protocol === 'unix:' ? { socketPath: pathname } : { hostname, port };
  const sent = request({ ...where, method: incoming.method, path: incoming.url, headers: incoming.headers });
  sent.on('response', (answer) => answer.pipe(outgoing.writeHead(answer.statusCode ?? 500, answer.headers)));
  sent.on('error', () => outgoing.destroy());
  incoming.pipe(sent);
}
