import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { PlainReader } from '../../../src/server/http/plainRequest';

const longestBody = 1024 * 1024;

interface Form {
  line?: string;
  /** Lines of the head, without their ends. */
  lines?: string[];
  length?: string;
  body?: string;
}

/** A request as it goes over the wire; each character is one byte. */
function request({ line = 'POST /predict HTTP/1.1', lines = ['Host: x'], length, body = '{}' }: Form = {}) {
  const all = [line, ...lines, length ?? `Content-Length: ${body.length}`];
  return `${all.join('\r\n')}\r\n\r\n${body}`;
}

const withHeader = (header: string) => request({ lines: ['Host: x', header] });
const readerOf = () => {
  const reader = new PlainReader();
  return (text: string) => reader.read(Buffer.from(text, 'latin1'));
};
/** The request that a text is, but for when it came; undefined where it is none, or not a whole one. */
const wholeOf = (read: ReturnType<PlainReader['read']>) => {
  if (typeof read !== 'object') return undefined;
  const { arrived, ...rest } = read;
  assert.ok(arrived <= performance.now());
  return rest;
};
const parse = (text: string) => wholeOf(readerOf()(text));

const others: Record<string, string> = {
  nothing: '',
  'no head': 'POST /predict HTTP/1.1',
  nonsense: 'nonsense\r\n\r\n',
  'another method': request({ line: 'GET /predict HTTP/1.1' }),
  'a method in lower case': request({ line: 'post /predict HTTP/1.1' }),
  'HTTP/1.0': request({ line: 'POST /predict HTTP/1.0' }),
  'HTTP/1.2': request({ line: 'POST /predict HTTP/1.2' }),
  'HTTP in lower case': request({ line: 'POST /predict http/1.1' }),
  'no version': request({ line: 'POST /predict' }),
  'a whole address': request({ line: 'POST http://x/predict HTTP/1.1' }),
  'a star': request({ line: 'POST * HTTP/1.1' }),
  'no path': request({ line: 'POST  HTTP/1.1' }),
  'a fragment': request({ line: 'POST /predict#a HTTP/1.1' }),
  'a space in the path': request({ line: 'POST /pre dict HTTP/1.1' }),
  'a tab in the path': request({ line: 'POST /pre\tdict HTTP/1.1' }),
  'a NUL in the path': request({ line: 'POST /pre\0dict HTTP/1.1' }),
  'DEL in the path': request({ line: 'POST /pre\x7fdict HTTP/1.1' }),
  'a path that is no ASCII': request({ line: 'POST /pr\xe4dict HTTP/1.1' }),
  'two spaces': request({ line: 'POST  /predict HTTP/1.1' }),
  'a space behind the line': request({ line: 'POST /predict HTTP/1.1 ' }),
  'a line before it': `\r\n${request()}`,
  'a space before it': ` ${request()}`,
  'ends of lines without CR': request().replace(/\r\n/g, '\n'),
  'one end of a line without CR': request().replace('Host: x\r\n', 'Host: x\n'),
  'ends of lines without LF': request().replace(/\r\n/g, '\r'),
  'a CR in a value': withHeader('X: a\rb'),
  'a LF in a value': withHeader('X: a\nb'),
  'a NUL in a value': withHeader('X: a\0b'),
  'DEL in a value': withHeader('X: a\x7fb'),
  'a control character in a value': withHeader('X: a\x1bb'),
  'a value that is no ASCII': withHeader('X-Request-Id: Gr\xf6\xdfe'),
  'a tab before a value': withHeader('X: \ta'),
  'a tab behind a length': request({ length: 'Content-Length: 2\t' }),
  'a folded line': withHeader('X: a\r\n b'),
  'a folded line with a tab': withHeader('X: a\r\n\tb'),
  'a folded first line': request({ lines: [' Host: x'] }),
  'a space before the colon': withHeader('X : a'),
  'a space in a name': withHeader('X Y: a'),
  'a name that is no token': withHeader('X(Y): a'),
  'a name that is no ASCII': withHeader('X\xe4: a'),
  'no name': withHeader(': a'),
  'no colon': withHeader('X'),
  'a name that every object has': withHeader('__proto__: a'),
  'another name that every object has': withHeader('constructor: a'),
  'a header twice': withHeader('X: a\r\nx: a'),
  'no host': request({ lines: [] }),
  'an empty host': request({ lines: ['Host: '] }),
  'two hosts': request({ lines: ['Host: x', 'host: x'] }),
  'no length': request({ length: 'X: a' }),
  'two lengths': withHeader('Content-Length: 2'),
  'a length with a sign': request({ length: 'Content-Length: +2' }),
  'a length below 0': request({ length: 'Content-Length: -2' }),
  'lengths in a list': request({ length: 'Content-Length: 2, 2' }),
  'a length in hex': request({ length: 'Content-Length: 0x2' }),
  'a length with an exponent': request({ length: 'Content-Length: 2e0' }),
  'a length with a fraction': request({ length: 'Content-Length: 2.0' }),
  'a length with leading zeros': request({ length: 'Content-Length: 02' }),
  'an empty length': request({ length: 'Content-Length:', body: '' }),
  'a length with many digits': request({ length: 'Content-Length: 20000000' }),
  'a byte less': request().slice(0, -1),
  'a byte more': `${request()} `,
  'two requests': request().repeat(2),
  'a long body': request({ body: 'x'.repeat(longestBody + 1) }),
  'a long head': withHeader(`X: ${'y'.repeat(8 * 1024)}`),
  'many headers': request({ lines: ['Host: x', ...Array.from({ length: 63 }, (_, at) => `X${at}: a`)] }),
  'Transfer-Encoding': withHeader('Transfer-Encoding: chunked'),
  'Transfer-Encoding: identity': withHeader('transfer-encoding: identity'),
  Expect: withHeader('Expect: 100-continue'),
  Upgrade: withHeader('Upgrade: h2c'),
  Trailer: withHeader('Trailer: X'),
  TE: withHeader('TE: trailers'),
  'Content-Encoding': withHeader('Content-Encoding: gzip'),
  'Proxy-Connection': withHeader('Proxy-Connection: keep-alive'),
  'HTTP2-Settings': withHeader('HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA'),
  Origin: withHeader('Origin: https://app.example.org'),
  'Set-Cookie': withHeader('Set-Cookie: a=b'),
  'Connection: close': withHeader('Connection: close'),
  'Connection: upgrade': withHeader('Connection: keep-alive, Upgrade'),
  'an empty Connection': withHeader('Connection:'),
};

describe('plain requests', () => {
  it('are read as they stand', () => {
    const lines = ['Host: x:80', 'x-A:b', 'X-B:   b\tc  ', 'X-Empty:', 'Connection: Keep-Alive'];
    const { body, ...rest } = parse(request({ line: 'POST /a?b=%20"{} HTTP/1.1', lines })) ?? assert.fail();
    assert.deepEqual(rest, {
      method: 'POST',
      url: '/a?b=%20"{}',
      headers: {
        host: 'x:80',
        'x-a': 'b',
        'x-b': 'b\tc',
        'x-empty': '',
        connection: 'Keep-Alive',
        'content-length': '2',
      },
      complete: true,
      httpVersionMinor: 1,
    });
    assert.equal(body.toString(), '{}');
  });

  it('may have any body that is not too long', () => {
    for (const body of ['', '\r\n\r\n', '\0\xff', 'x'.repeat(longestBody)])
      assert.equal(parse(request({ body }))?.body.toString('latin1'), body);
  });

  it('are read again behind a head that was read before', () => {
    const reader = readerOf();
    const read = (text: string) => wholeOf(reader(text));
    const first = read(request({ body: 'ab' }));
    assert.equal(first?.body.toString(), 'ab');
    assert.deepEqual({ ...read(request({ body: 'cd' })), body: first.body }, first);
    assert.equal(read(request({ body: 'ab' }).replace('ab', 'abc')), undefined);
    assert.equal(read(request({ body: 'abc' }))?.body.toString(), 'abc');
    assert.equal(read(request({ lines: ['Host: y'] }))?.headers.host, 'y');
    for (const [what, text] of Object.entries(others))
      if (what !== 'a byte less') assert.equal(read(text), undefined, what);
    assert.equal(read(request({ body: '\r\n\r\n' }))?.body.toString(), '\r\n\r\n');
  });

  it('may have a body that comes in parts', () => {
    const body = 'a body\r\n\r\nin parts';
    const text = request({ body });
    const head = text.length - body.length;
    const read = readerOf();
    for (let one = head; one < text.length; one++)
      for (let two = one; two < text.length; two++) {
        assert.equal(read(text.slice(0, one)), 'part');
        assert.equal(read(text.slice(one, two)), 'part');
        assert.deepEqual(wholeOf(read(text.slice(two))), parse(text), `cut after ${one} and ${two} bytes`);
      }
    assert.equal(read(text.slice(0, head)), 'part');
    assert.equal(read(`${body}P`), undefined);
    assert.deepEqual(wholeOf(read(text)), parse(text));
    assert.equal(read(text.slice(0, head - 1)), undefined);
    const long = request({ body: 'x'.repeat(longestBody + 1) });
    assert.equal(read(long.slice(0, 1000)), undefined);
  });

  for (const [what, text] of Object.entries(others)) {
    it(`are nothing else: ${what}`, () => assert.equal(parse(text), undefined));
  }

  it('take no time to be told from what is nearly one', () => {
    const started = performance.now();
    for (const filler of [' ', '\t', 'a', ' a', ':'])
      assert.equal(parse(withHeader(`X:${filler.repeat(8000 / filler.length)}\0`)), undefined);
    assert.ok(performance.now() - started < 100);
  });
});

/** What node:http makes of the same bytes. */
describe('plain requests, beside node:http', () => {
  let server: Server;
  before(async () => {
    server = createServer((message, response) => {
      const chunks: Buffer[] = [];
      message.on('data', (chunk: Buffer) => chunks.push(chunk));
      message.on('end', () => response.end(JSON.stringify(seen(message, Buffer.concat(chunks)))));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  after(() => server.close());

  const seen = (
    { method, url, headers }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
    body: Buffer,
  ) => ({
    method,
    url,
    headers,
    body: body.toString('latin1'),
  });

  /** What node:http read; undefined where that is no request. */
  async function readByNode(text: string): Promise<unknown> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
      socket.end();
    });
    socket.on('error', () => undefined);
    socket.write(text, 'latin1');
    const timer = setTimeout(() => socket.destroy(), 300);
    await once(socket, 'close');
    clearTimeout(timer);
    if (!answer.startsWith('HTTP/1.1 200 ')) return undefined;
    const [, body = ''] = /\r\n\r\n(?:[\da-f]+\r\n)?(\{.*\})/.exec(answer) ?? [];
    return JSON.parse(body);
  }

  it('are read the same with any one byte of it put in place of another', async () => {
    const text = withHeader('X-Some: a b\tc');
    const headEnd = text.indexOf('\r\n\r\n') + 4;
    let read = 0;
    const cases: string[] = [];
    for (let at = 0; at < headEnd; at++)
      for (const byte of [
        '\0',
        '\t',
        '\n',
        '\r',
        ' ',
        '"',
        '#',
        ',',
        '/',
        '0',
        '1',
        ':',
        'A',
        'a',
        '\x7f',
        '\xe4',
      ])
        cases.push(text.slice(0, at) + byte + text.slice(at + 1), text.slice(0, at) + byte + text.slice(at));
    for (let code = 0; code < 256; code++) {
      const byte = String.fromCharCode(code);
      cases.push(
        withHeader(`X${byte}: a`),
        withHeader(`X: a${byte}b`),
        withHeader(`X: a${byte}`),
        withHeader(`X:${byte}a`),
        request({ line: `POST /a${byte} HTTP/1.1` }),
        request({ line: `POST /${byte}a HTTP/1.1` }),
        request({ length: `Content-Length: 2${byte}` }),
        request({ length: `Content-Length:${byte}2` }),
      );
    }
    for (const one of cases) {
      const ours = parse(one);
      if (!ours) continue;
      read++;
      assert.deepEqual(await readByNode(one), seen(ours, ours.body), JSON.stringify(one));
    }
    assert.ok(read > 500, `${read} were plain`);
  });
});
