import type { IncomingHttpHeaders } from 'node:http';

/** A request that came whole, with what is used of an `IncomingMessage`. */
export interface PlainRequest {
  readonly method: 'POST';
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly complete: true;
  readonly httpVersionMinor: 1;
}

const longestHead = 8 * 1024;
const longestBody = 32 * 1024;
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

/**
 * Reads a POST of the plainest form: one that is all of the chunk, with each header once and a length of plain digits. Undefined for
 * everything else, right or wrong: that is for a parser that knows all of HTTP, and whatever that refuses must be undefined here.
 */
export function parsePlainRequest(chunk: Buffer): PlainRequest | undefined {
  if (chunk.length > longestHead + longestBody) return undefined;
  const headEnd = chunk.indexOf('\r\n\r\n') + 4;
  if (headEnd < 4 || headEnd > longestHead) return undefined;
  const head = chunk.toString('latin1', 0, headEnd - 2);
  const line = requestLine.exec(head);
  if (!line) return undefined;
  const headers = parseHeaders(head, line[0].length);
  if (!headers?.host || !isKeptAlive(headers)) return undefined;
  const length = headers['content-length'];
  if (length === undefined || !plainLength.test(length)) return undefined;
  const body = chunk.subarray(headEnd);
  if (body.length !== Number(length) || body.length > longestBody) return undefined;
  const url = line[1] as string;
  return { method: 'POST', url, headers, body, complete: true, httpVersionMinor: 1 };
}

function parseHeaders(head: string, from: number): IncomingHttpHeaders | undefined {
  const headers: IncomingHttpHeaders = {};
  let count = 0;
  for (let at = from; at < head.length; at = headerLine.lastIndex) {
    headerLine.lastIndex = at;
    const line = headerLine.exec(head);
    if (!line || ++count > mostHeaders) return undefined;
    const name = (line[1] as string).toLowerCase();
    // Twice is unusual, and so is what every object has.
    if (unusual.has(name) || headers[name] !== undefined) return undefined;
    const value = trimmed(line[2] as string);
    // Not everywhere is a tab around a value taken for a space.
    if (value.startsWith('\t') || value.endsWith('\t')) return undefined;
    headers[name] = value;
  }
  return headers;
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
