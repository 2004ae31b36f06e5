import type { IncomingHttpHeaders } from 'node:http';

/** A request that came whole, with what is used of an `IncomingMessage`. */
export interface PlainRequest {
  readonly method: 'POST';
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Whoever has no more use for it lets it go: a connection knows its last request for as long as it is open. */
  body: Buffer;
  /** When it began to come, by the clock of `performance.now()`. */
  readonly arrived: number;
  readonly complete: true;
  readonly httpVersionMinor: 1;
}

/** A plain request that has not come to its end. */
export interface PartOfRequest {
  readonly url: string;
  /** When it began to come, by the clock of `performance.now()`. */
  readonly arrived: number;
  /** Of its body, those that came. */
  readonly bytes: number;
}

const longestHead = 8 * 1024;
/** Also that of an image. What has come of one is in memory for no longer than its rest is waited for. */
const longestBody = 1024 * 1024;
const mostHeaders = 64;

const requestLine = /^POST (\/[!"$-~]*) HTTP\/1\.1\r\n/;
/** A name that is a token of RFC 9110, and a value of ASCII without control characters. */
const headerLine = /([!#$%&'*+\-.^_`|~\dA-Za-z]+):([\t -~]*)\r\n/y;
const plainLength = /^(?:0|[1-9]\d{0,6})$/;
/** What changes how a request is read or answered, or is no string in an `IncomingMessage`. */
const unusual = new Set([
  'content-encoding',
  'expect',
  'http2-settings',
  'origin',
  'proxy-connection',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What stands before a body. */
interface PlainHead {
  /** As it came. */
  readonly text: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly length: number;
}

/** A request whose body has not come to its end. */
interface Begun {
  readonly head: PlainHead;
  readonly arrived: number;
  readonly pieces: Buffer[];
  missing: number;
}

/**
 * Reads POSTs of the plainest form: one behind the other, with each header once and a length of plain digits, whose head comes in one
 * chunk and no next one in the chunk in which it ends. All else, right or wrong, is for a parser that knows all of HTTP; what that refuses
 * must not be read here.
 */
export class PlainReader {
  /** That of the request before, as clients send the same again and again. */
  #head: PlainHead | undefined;
  #begun: Begun | undefined;

  /** Reads on. `part` where the request has not come to its end; undefined where it is no plain one, with all that came of it. */
  read(chunk: Buffer): PlainRequest | 'part' | undefined {
    const before = this.#begun;
    const begun = before ?? this.#begin(chunk);
    this.#begun = undefined;
    if (!begun) return undefined;
    const body = before ? chunk : chunk.subarray(begun.head.text.length);
    begun.missing -= body.length;
    if (begun.missing < 0) return undefined;
    if (body.length > 0) begun.pieces.push(body);
    if (begun.missing === 0) return whole(begun);
    this.#begun = begun;
    return 'part';
  }

  /** What has begun, and not come to its end. */
  get begun(): PartOfRequest | undefined {
    if (!this.#begun) return undefined;
    const { head, arrived, missing } = this.#begun;
    return { url: head.url, arrived, bytes: head.length - missing };
  }

  #begin(chunk: Buffer): Begun | undefined {
    if (chunk.length > longestHead + longestBody) return undefined;
    const head = this.#sameHead(chunk) ?? parseHead(chunk.toString('latin1', 0, longestHead));
    if (!head || head.length > longestBody) return undefined;
    this.#head = head;
    return { head, arrived: performance.now(), pieces: [], missing: head.length };
  }

  #sameHead(chunk: Buffer): PlainHead | undefined {
    const head = this.#head;
    return head && chunk.toString('latin1', 0, head.text.length) === head.text ? head : undefined;
  }
}

function whole({ head: { url, headers }, arrived, pieces }: Begun): PlainRequest {
  const body = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
  return { method: 'POST', url, headers, body, arrived, complete: true, httpVersionMinor: 1 };
}

function parseHead(text: string): PlainHead | undefined {
  const line = requestLine.exec(text);
  if (!line) return undefined;
  const headers: IncomingHttpHeaders = {};
  let count = 0;
  let at = line[0].length;
  while (!text.startsWith('\r\n', at)) {
    headerLine.lastIndex = at;
    const header = headerLine.exec(text);
    if (!header || ++count > mostHeaders) return undefined;
    const name = (header[1] as string).toLowerCase();
    // Twice is unusual, and so is what every object has.
    if (unusual.has(name) || headers[name] !== undefined) return undefined;
    const value = trimmed(header[2] as string);
    // Not everywhere is a tab around a value taken for a space.
    if (value.startsWith('\t') || value.endsWith('\t')) return undefined;
    headers[name] = value;
    at = headerLine.lastIndex;
  }
  const { host, 'content-length': length } = headers;
  if (!host || !isKeptAlive(headers) || length === undefined || !plainLength.test(length)) return undefined;
  return { text: text.slice(0, at + 2), url: line[1] as string, headers, length: Number(length) };
}

function isKeptAlive({ connection }: IncomingHttpHeaders): boolean {
  return connection === undefined || connection.toLowerCase() === 'keep-alive';
}

function trimmed(value: string): string {
  let first = 0;
  let end = value.length;
  while (first < end && value.charCodeAt(first) === space) first++;
  while (end > first && value.charCodeAt(end - 1) === space) end--;
  return value.slice(first, end);
}

const space = 0x20;
