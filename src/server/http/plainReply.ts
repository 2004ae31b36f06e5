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
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
    const all = this.#headers ? { ...this.#headers, ...headers } : headers;
    for (const name of Object.keys(all)) head += line(name, all[name] as string | number);
    head += closes ? `Date: ${now()}\r\nConnection: close\r\n\r\n` : this.#keptAlive();
    this.writer.write(head, body, closes, () => this.#sent?.());
  }

  whenSent(callback: () => void): void {
    this.#sent = callback;
  }

  #keptAlive(): string {
    return `Date: ${now()}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=${this.keepAliveSeconds}\r\n\r\n`;
  }
}

/** A line of a head. Throws where the value would end it early. */
function line(name: string, value: string | number): string {
  if (typeof value === 'string') validateHeaderValue(name, value);
  return `${name}: ${value}\r\n`;
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
