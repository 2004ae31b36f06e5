import { STATUS_CODES, validateHeaderValue } from 'node:http';
import type { Pieces, Reply } from './reply';

/** Where plain answers are written. */
export interface PlainWriter {
  /** Whether something has come that is to be answered after this. */
  readonly more: boolean;
  /** Writes the head and the body of an answer, and calls back when they have left; `last` is whether the connection ends with it. */
  write(head: string, body: Pieces, last: boolean, sent: () => void): void;
}

/** Answers a plain request, with the headers that node:http writes. */
export class PlainReply implements Reply {
  #headers: Record<string, string> | undefined;
  #sent: (() => void) | undefined;

  constructor(
    private readonly writer: PlainWriter,
    private readonly keepAliveSeconds: number,
  ) {}

  setHeader(name: string, value: string): void {
    validateHeaderValue(name, value);
    (this.#headers ??= {})[name] = value;
  }

  send(status: number, headers: Record<string, string | number>, body: Pieces, last: boolean): void {
    const closes = last && !this.writer.more;
    const all = this.#headers ? { ...this.#headers, ...headers } : headers;
    const end = closes ? `Date: ${now()}\r\nConnection: close\r\n\r\n` : this.#keptAlive();
    this.writer.write(headLines(status, all) + end, body, closes, () => this.#sent?.());
  }

  whenSent(callback: () => void): void {
    this.#sent = callback;
  }

  #keptAlive(): string {
    return `Date: ${now()}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=${this.keepAliveSeconds}\r\n\r\n`;
  }
}

/** The first lines of an answer, without the empty one that ends its head. Throws where a value would end its line early. */
export function headLines(status: number, headers: Record<string, string | number>): string {
  let lines = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
  for (const name of Object.keys(headers)) {
    const value = headers[name] as string | number;
    if (typeof value === 'string') validateHeaderValue(name, value);
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

let second = 0;
let date = '';

/** The time as HTTP writes it; made once a second. */
function now(): string {
  const current = Math.floor(Date.now() / 1000);
  if (current !== second) {
    second = current;
    date = new Date(current * 1000).toUTCString();
  }
  return date;
}
