import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Access } from '../../../src/server/http/access';
import { BodyBudget } from '../../../src/server/http/bodyBudget';
import { Connection } from '../../../src/server/http/connection';
import type { Exchange } from '../../../src/server/http/exchange';
import { HttpServer } from '../../../src/server/http/httpServer';
import { PlainConnection } from '../../../src/server/http/plainConnection';
import type { PlainOptions } from '../../../src/server/http/plainConnection';
import { Router } from '../../../src/server/http/router';
import { eventually } from './support/serverProcess';

const post = (path: string, body = '', ...lines: string[]) =>
  [`POST ${path} HTTP/1.1`, 'Host: x', ...lines, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join(
    '\r\n',
  );

/** Numbers from 0 to 1, the same each time. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 0x7fffffff) / 0x7fffffff;
}

/** What an observer is told. */
interface Told {
  inFlight: number;
  ended: string[];
  /** How long each of these took. */
  seconds: number[];
  request: number;
  response: number;
  broken: unknown[];
}

describe('plain connections', () => {
  const requestSeconds = 0.6;
  let server: HttpServer;
  let port: number;
  let told: Told;
  /** Answers the oldest of the requests to /wait that have none. */
  let waiting: Exchange[];
  let gone: number;
  const sockets: Socket[] = [];

  async function start(
    access = new Access({ corsOrigins: [] }),
    bodies = new BodyBudget(20_000, 1_000_000),
  ): Promise<void> {
    told = { inFlight: 0, ended: [], seconds: [], request: 0, response: 0, broken: [] };
    waiting = [];
    gone = 0;
    const router = new Router();
    router.post('/echo', 'predict', async (exchange) =>
      exchange.send(200, 'text/plain', await exchange.body(), { 'X-Url': exchange.request.url ?? '' }),
    );
    router.post('/words', 'predict', async (exchange) =>
      exchange.send(200, 'text/plain', String(await exchange.body())),
    );
    router.post('/pieces', 'predict', async (exchange) =>
      exchange.send(200, 'text/plain', ['a', await exchange.body(), 'ä']),
    );
    router.post('/wait', 'predict', (exchange) => {
      waiting.push(exchange);
      exchange.whenGone(() => gone++);
    });
    router.post('/long', 'predict', (exchange) => exchange.send(200, 'text/plain', 'x'.repeat(30_000_000)));
    router.post('/split', 'predict', (exchange) => {
      exchange.setHeader('X-Split', 'a\r\nX-Other: b');
    });
    router.get('/get', 'other', (exchange) => exchange.json(200, '{}'));
    const observer = {
      started: () => void told.inFlight++,
      ended: (route: string, status: number, seconds: number) => {
        told.inFlight--;
        told.ended.push(`${route} ${status}`);
        told.seconds.push(seconds);
      },
      moved: (request: number, response: number) => {
        told.request += request;
        told.response += response;
      },
      broken: (error: unknown) => void told.broken.push(error),
    };
    server = new HttpServer(router, observer, requestSeconds, bodies, access);
    port = Number(new URL(await server.listen('127.0.0.1', 0)).port);
  }

  beforeEach(() => start());
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await server.close();
    assert.equal(told.inFlight, 0, 'each request was counted once when it ended');
  });

  async function open(to = port): Promise<{ socket: Socket; text: () => string }> {
    const socket = connect({ port: to, host: '127.0.0.1', noDelay: true });
    sockets.push(socket);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return { socket, text: () => text };
  }

  const answers = (text: string) => text.match(/HTTP\/1\.1 \d+/g)?.length ?? 0;
  const statuses = (text: string) =>
    [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
  const undated = (text: string) => text.replace(/^Date: .*$/m, 'Date');

  /** What comes for these writes, with a moment between them, until so many answers are whole. */
  async function ask(writes: (string | Buffer)[], count = 1): Promise<string> {
    const { socket, text } = await open();
    for (const [index, part] of writes.entries()) {
      if (index > 0) await sleep(4);
      socket.write(part);
    }
    await eventually(() => answers(text()) >= count || socket.destroyed);
    await sleep(5);
    socket.destroy();
    return text();
  }

  for (const [what, request] of Object.entries({
    bytes: post('/echo', '{"a": 1}'),
    words: post('/words', 'Größe'),
    pieces: post('/pieces', 'Größe'),
    'an empty body': post('/words'),
    'headers of the answer': post('/echo?a=b', 'x', 'X-Request-Id: a  "b"', 'Connection: Keep-Alive'),
    'a long answer, packed': post('/words', 'ab'.repeat(5000), 'Accept-Encoding: gzip'),
    'a long answer, unpacked': post('/words', 'ab'.repeat(1000)),
    'a body that is too long': post('/echo', 'x'.repeat(20_001)),
    'what is nowhere': post('/nix', 'x'),
    'what is asked otherwise': post('/get', 'x'),
    'a broken address': post('/%zz', 'x'),
  })) {
    it(`answer as node:http does: ${what}`, async () => {
      const whole = await ask([request]);
      const { request: read, response, ended } = told;
      assert.match(whole, /^HTTP\/1\.1 \d+ .*\r\n(X-Request-Id: a {2}"b"\r\n)?(Vary: .*\r\n)?Content-Type: /);
      assert.match(
        whole,
        /\r\nDate: \w{3}, \d\d .* GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=75\r\n\r\n/,
      );
      const head = request.indexOf('\r\n\r\n') + 4;
      const cuts = [...Array(Math.min(request.length - 1, head + 4)).keys()].map((at) => at + 1);
      const split = await Promise.all(cuts.map((at) => ask([request.slice(0, at), request.slice(at)])));
      for (const [index, text] of split.entries())
        assert.equal(undated(text), undated(whole), `split after ${cuts[index]} bytes`);
      const times = 1 + cuts.length;
      assert.deepEqual(new Set(told.ended), new Set(ended));
      assert.equal(told.ended.length, times);
      assert.equal(told.response, times * response);
      // A body that is refused unread is counted as far as it came.
      if (!whole.includes(' 413 ')) assert.equal(told.request, times * read);
    });
  }

  it('answer all that is sent one behind the other, in its order', async () => {
    const several = ['one', 'two', 'three', 'four'];
    const requests = several.map((word) => post('/words', word));
    for (const writes of [[requests.join('')], requests]) {
      const { socket, text } = await open();
      for (const part of writes) socket.write(part);
      await eventually(() => answers(text()) === 4);
      await eventually(() => text().endsWith('four'));
      assert.deepEqual(
        [...text().matchAll(/\r\n\r\n([a-z]+)/g)].map(([, word]) => word),
        several,
      );
    }
  });

  it('hold what comes while a request is answered, and go on with it then', async () => {
    const { socket, text } = await open();
    socket.write(post('/wait'));
    await eventually(() => waiting.length === 1);
    for (const part of [
      post('/words', 'one'),
      post('/words', 'two').slice(0, 30),
      post('/words', 'two').slice(30),
    ]) {
      socket.write(part);
      await sleep(20);
    }
    // More than is held at once.
    for (let at = 0; at < 40; at++) socket.write(post('/words', String(at).padEnd(9000)));
    await sleep(50);
    assert.equal(told.inFlight, 1);
    waiting[0]?.send(200, 'text/plain', 'zero');
    await eventually(() => answers(text()) === 43);
    await eventually(() => told.ended.length === 43);
    assert.deepEqual(
      [...text().matchAll(/\r\n\r\n([a-z]+|\d+)/g)].map(([, word]) => word),
      ['zero', 'one', 'two', ...Array.from({ length: 40 }, (_, at) => String(at))],
    );
    assert.deepEqual(new Set(statuses(text())), new Set([200]));
  });

  it('are the same connection for what is no plain request, before and behind plain ones', async () => {
    const { socket, text } = await open();
    const get = 'GET /get HTTP/1.1\r\nHost: x\r\n\r\n';
    const chunked =
      'POST /words HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
    let count = 0;
    for (const part of [
      post('/words', 'a'),
      post('/words', 'b'),
      get,
      post('/words', 'c'),
      chunked,
      post('/words', 'd'),
    ]) {
      socket.write(part);
      count++;
      await eventually(() => answers(text()) === count);
    }
    socket.write(post('/words', 'e', 'Connection: close'));
    await once(socket, 'close');
    assert.deepEqual(statuses(text()), Array<number>(7).fill(200));
    assert.match(text(), /Connection: close\r\n\r\ne$/);
  });

  it('give each request its own answer, in whatever pieces it comes and is read', async () => {
    await server.close();
    await start(undefined, new BodyBudget(1_000_000, 1e9));
    const random = randomFrom(7);
    const upTo = (most: number) => Math.floor(random() * most);
    const converse = async (count: number) => {
      const { socket, text } = await open();
      const bodies = Array.from(
        { length: count },
        (_, at) => `<${at} ${'y'.repeat(upTo(4) ? upTo(90) : upTo(upTo(10) ? 60_000 : 500_000))}>`,
      );
      let pending = '';
      for (const body of bodies) {
        const chunked = `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
        pending += upTo(6) ? post('/words', body) : `POST /words HTTP/1.1\r\nHost: x\r\n${chunked}`;
        if (upTo(8) === 0) socket.pause();
        while (pending && upTo(5)) {
          const sent = upTo(3) ? pending.length : 1 + upTo(pending.length);
          socket.write(pending.slice(0, sent));
          pending = pending.slice(sent);
          if (upTo(3)) await sleep(upTo(6));
        }
        if (upTo(3)) socket.resume();
      }
      socket.resume().write(pending || post('/words'));
      await eventually(() => answers(text()) >= count);
      await eventually(() => text().includes(bodies.at(-1) as string));
      assert.deepEqual(text().match(/<\d+ y*>/g), bodies);
    };
    await Promise.all(Array.from({ length: 150 }, () => converse(1 + upTo(25))));
  });

  it('wait for the rest of a body, however long that takes', async () => {
    const { socket, text } = await open();
    let count = 0;
    for (const pause of [1, 20, 100, 1]) {
      const [head = '', body = ''] = post('/words', '<body>').split('<');
      socket.write(head);
      await sleep(pause);
      socket.write(`<${body}`);
      count++;
      await eventually(() => answers(text()) === count && text().endsWith('<body>'));
    }
    assert.deepEqual(told.ended, Array(4).fill('predict 200'));
    const [, , third = 0] = told.seconds;
    assert.ok(third >= 0.098, `that took ${third} s`);
  });

  it('count a client that leaves before the end of its body', async () => {
    const body = post('/words', 'body');
    for (const leave of [(socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()]) {
      for (const pause of [10, 100]) {
        const { socket, text } = await open();
        Object.assign(told, { ended: [], seconds: [], request: 0 });
        socket.write(body.slice(0, -1));
        await sleep(pause);
        leave(socket);
        await eventually(() => told.ended.length === 1);
        assert.deepEqual(told.ended, ['predict 499'], `after ${pause} ms`);
        assert.equal(told.request, 'bod'.length, `after ${pause} ms`);
        assert.ok((told.seconds[0] ?? 0) * 1000 > pause - 3, `${told.seconds[0]} s after ${pause} ms`);
        assert.equal(text(), '');
      }
    }
  });

  it('keep nothing of a body that is answered', async () => {
    const { socket, text } = await open();
    const chunked =
      'POST /wait HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n';
    for (const [index, request] of [post('/wait', 'body'), chunked].entries()) {
      socket.write(request);
      await eventually(() => waiting.length === 1);
      const exchange = waiting.pop() as Exchange;
      exchange.send(200, 'text/plain', await exchange.body());
      await eventually(() => answers(text()) === index + 1 && text().endsWith('body'));
      const { request: asked } = exchange;
      assert.equal('body' in asked ? asked.body.length : asked.listenerCount('data'), 0);
    }
  });

  it('refuse what is no request behind a plain one, and what comes too slowly', async () => {
    for (const [rest, status, error] of [
      ['nonsense\r\n\r\n', 400, 'This is no valid HTTP request.'],
      ['POST /words HTTP/1.1\r\nHost: x\r\n', 408, 'The request came too slowly.'],
      ['POST /words HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx', 408, 'The request came too slowly.'],
    ] as const) {
      const { socket, text } = await open();
      socket.write(post('/words', 'a'));
      await eventually(() => answers(text()) === 1);
      socket.write(rest);
      await once(socket, 'close');
      assert.deepEqual(statuses(text()), [200, status]);
      assert.ok(text().endsWith(JSON.stringify({ error })));
    }
  });

  it('refuse the beginning of a request that came while another was answered', async () => {
    const { socket, text } = await open();
    socket.write(post('/wait'));
    await eventually(() => waiting.length === 1);
    socket.write('POST /words HTTP/1.1\r\nHost: x\r\n');
    await sleep(20);
    waiting[0]?.send(200, 'text/plain', 'a');
    await once(socket, 'close');
    assert.deepEqual(statuses(text()), [200, 408]);
  });

  it('refuse a client that sends nothing at all, and count it', async () => {
    const started = performance.now();
    const { socket, text } = await open();
    await once(socket, 'close');
    assert.match(text(), /^HTTP\/1\.1 408 /);
    assert.deepEqual(told.ended, ['other 408']);
    assert.ok(performance.now() - started > requestSeconds * 1000 - 50);
  });

  it('stay open between two requests for longer than a request may take', async () => {
    const { socket, text } = await open();
    socket.write(post('/words', 'a'));
    await sleep(2000 * requestSeconds);
    socket.write(post('/words', 'b'));
    await eventually(() => answers(text()) === 2);
    socket.write(post('/wait'));
    await eventually(() => waiting.length === 1);
    await sleep(2000 * requestSeconds);
    waiting[0]?.send(200, 'text/plain', 'c');
    await eventually(() => text().endsWith('c'));
  });

  for (const [how, leave] of Object.entries({
    ends: (socket: Socket) => socket.end(),
    breaks: (socket: Socket) => socket.resetAndDestroy(),
  })) {
    it(`count a client whose connection ${how} before it is answered, and tell of it`, async () => {
      const { socket, text } = await open();
      socket.write(post('/words', 'a'));
      await eventually(() => answers(text()) === 1);
      socket.write(post('/wait'));
      await eventually(() => waiting.length === 1);
      socket.write(post('/words', 'held'));
      await sleep(20);
      leave(socket);
      await eventually(() => told.inFlight === 0);
      assert.deepEqual(told.ended, ['predict 200', 'predict 499']);
      assert.equal(gone, 1);
      waiting[0]?.send(200, 'text/plain', 'too late');
      await sleep(20);
      assert.equal(told.ended.length, 2);
    });
  }

  it('let a client go that does not read its answer', async () => {
    const { socket, text } = await open();
    socket.write(post('/words', 'a'));
    await eventually(() => answers(text()) === 1);
    const started = performance.now();
    socket.pause();
    socket.write(post('/long'));
    await eventually(() => told.ended.length === 2);
    socket.write(post('/words', 'b'));
    await sleep(2000 * requestSeconds);
    socket.resume();
    await once(socket, 'close');
    assert.ok(text().length < 30_000_000);
    assert.ok(performance.now() - started > requestSeconds * 1000);
    assert.equal(told.ended.length, 2);
  });

  it('send a long answer to its end to a client that reads slowly, also when the server stops', async () => {
    const { socket } = await open();
    let received = 0;
    socket.write(post('/long'));
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
      socket.pause();
      setTimeout(() => socket.resume(), 1);
    });
    await eventually(() => received > 0);
    const closed = server.close();
    await once(socket, 'close');
    assert.ok(received > 30_000_000, `${received} bytes came`);
    await closed;
    await start();
  });

  it('answer what has come when the server stops, and say on the last answer that they end', async () => {
    const [busy, held, idle, late] = await Promise.all([open(), open(), open(), open()]);
    idle.socket.write(post('/words', 'a'));
    await eventually(() => answers(idle.text()) === 1);
    for (const { socket } of [busy, held]) socket.write(post('/wait'));
    await eventually(() => waiting.length === 2);
    held.socket.write(post('/words', 'held'));
    await sleep(20);
    const closed = server.close();
    late.socket.write(post('/words', 'late'));
    await sleep(400);
    assert.equal(idle.socket.destroyed, true);
    for (const exchange of waiting) exchange.send(200, 'text/plain', 'waited');
    await closed;
    await sleep(20);
    const connection = ({ text }: { text: () => string }) =>
      [...text().matchAll(/Connection: (.*)\r/g)].map(([, word]) => word);
    assert.deepEqual(connection(busy), ['close']);
    assert.deepEqual(connection(late), ['close']);
    assert.deepEqual(connection(held), ['keep-alive', 'close']);
    assert.ok(held.text().endsWith('held'));
    await start();
  });

  it('wait for the rest of a request behind a plain one when the server stops', async () => {
    const { socket, text } = await open();
    const rest = post('/words', 'rest');
    socket.write(post('/wait'));
    await eventually(() => waiting.length === 1);
    socket.write(rest.slice(0, 20));
    await sleep(20);
    const closed = server.close();
    waiting[0]?.send(200, 'text/plain', 'waited');
    await sleep(300);
    socket.write(rest.slice(20));
    await closed;
    await sleep(20);
    assert.deepEqual(statuses(text()), [200, 200]);
    assert.match(text(), /Connection: close\r\n\r\nrest$/);
    await start();
  });

  it('let no header of an answer have a line of its own', async () => {
    const text = await ask([post('/split')]);
    assert.match(text, /^HTTP\/1\.1 500 /);
    assert.doesNotMatch(text, /X-Other/);
    assert.equal(told.broken.length, 1);
  });

  it('ask for a token, and depend on the origin', async () => {
    await server.close();
    await start(new Access({ token: 'secret', corsOrigins: ['https://app.example.org'] }));
    assert.match(await ask([post('/words', 'a')]), /^HTTP\/1\.1 401 [\s\S]*WWW-Authenticate: Bearer\r\n/);
    const answer = await ask([post('/words', 'ab'.repeat(1000), 'Authorization: Bearer secret')]);
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\nVary: Origin, Accept-Encoding\r\nContent-Type/);
    const origin = 'Origin: https://app.example.org';
    assert.match(
      await ask([post('/words', 'a', 'Authorization: Bearer secret', origin)]),
      /^HTTP\/1\.1 200 OK\r\nVary: Origin\r\nAccess-Control-Allow-Origin: https:\/\/app\.example\.org\r\n/,
    );
  });

  it('hold no more of bodies than there is room for, and give it back', async () => {
    await server.close();
    await start(undefined, new BodyBudget(20_000, 30_000));
    const request = post('/echo', 'x'.repeat(20_000));
    for (let round = 0; round < 3; round++) assert.match(await ask([request]), /^HTTP\/1\.1 200 /);
  });
});

describe('plain connections that node:http never has', () => {
  let server: Server;
  const idleSeconds = 0.3;
  afterEach(() => server.close());

  async function open(serve: PlainOptions['serve']): Promise<Socket> {
    const nothing = () => undefined;
    const observer = { started: nothing, ended: nothing, moved: nothing, broken: nothing };
    server = createServer((socket) => {
      const handOver = () => assert.fail();
      const options = { serve, lose: handOver, handOver, requestSeconds: 10, idleSeconds };
      new PlainConnection(socket, new Connection(socket, observer), options);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true });
  }

  it('take heads and bodies that are written one after the other', async () => {
    const socket = await open(({ body }, reply) => reply.send(200, {}, [body], false));
    for (const word of ['one', 'two', 'three']) {
      const request = post('/', word);
      socket.write(request.slice(0, -word.length));
      await sleep(5);
      socket.write(request.slice(-word.length));
      const [answer] = (await once(socket, 'data')) as [Buffer];
      assert.ok(answer.toString().endsWith(word));
    }
    socket.destroy();
  });

  it('know when a request began to come', async () => {
    const socket = await open(({ arrived }, reply) =>
      reply.send(200, {}, [`${performance.now() - arrived} ms`], false),
    );
    const request = post('/', 'word');
    for (const pause of [0, 20]) {
      socket.write(request.slice(0, -1));
      await sleep(pause);
      socket.write(request.slice(-1));
      const [answer] = (await once(socket, 'data')) as [Buffer];
      const took = Number(/([\d.e-]+) ms$/.exec(answer.toString())?.[1]);
      assert.ok(took >= pause - 2, answer.toString());
    }
    socket.destroy();
  });

  it('take bodies as long as those of images', async () => {
    const socket = await open(({ body }, reply) => reply.send(200, {}, [`${body.length} bytes`], false));
    for (const length of [92_320, 602_112]) {
      socket.write(post('/', 'x'.repeat(length)));
      const [answer] = (await once(socket, 'data')) as [Buffer];
      assert.ok(answer.toString().endsWith(`\r\n\r\n${length} bytes`));
    }
    socket.destroy();
  });

  it('end after a while, but not while a request is answered', async () => {
    let answering = 0;
    const socket = await open(
      (_, reply) =>
        void setTimeout(() => reply.send(200, {}, ['a'], false), 2000 * idleSeconds * answering++),
    );
    const started = performance.now();
    for (let round = 0; round < 2; round++) {
      socket.write(post('/'));
      const [answer] = (await once(socket, 'data')) as [Buffer];
      assert.match(answer.toString(), /Keep-Alive: timeout=0\.3\r\n\r\na$/);
    }
    const answered = performance.now();
    assert.ok(answered - started > 1900 * idleSeconds);
    await once(socket, 'close');
    const idle = performance.now() - answered;
    assert.ok(idle > 900 * idleSeconds && idle < 2500 * idleSeconds, `${idle} ms`);
  });
});
