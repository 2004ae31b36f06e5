import type { ServerResponse } from 'node:http';

/** Text or bytes, one behind the other. */
export type Pieces = readonly (string | Uint8Array)[];

/** Where the answer to one request goes. */
export interface Reply {
  /** A header of the answer, whatever that will be. Throws where it is none. */
  setHeader(name: string, value: string): void;
  /** Sends the answer; `last` is whether the connection ends with it. */
  send(status: number, headers: Record<string, string | number>, body: Pieces, last: boolean): void;
  /** Calls back once the answer has left for good: the system has taken all of it, or the client is gone. */
  whenSent(callback: () => void): void;
}

/** Answers through node:http. */
export class NodeReply implements Reply {
  /** Whether all headers are ASCII, as far as they can be anything else. */
  #ascii = true;

  constructor(private readonly response: ServerResponse) {}

  setHeader(name: string, value: string): void {
    this.#ascii &&= !/[^\0-\x7f]/.test(value);
    this.response.setHeader(name, value);
  }

  send(status: number, headers: Record<string, string | number>, body: Pieces, last: boolean): void {
    const { response } = this;
    if (last) response.shouldKeepAlive = false;
    response.writeHead(status, headers);
    // Node writes text and the headers before it as one, in UTF-8: that would encode a second time what is encoded already.
    const written = this.#ascii ? body : body.map(bytesOf);
    const end = written.length - 1;
    if (end > 0) response.cork();
    for (let index = 0; index < end; index++) response.write(written[index]);
    response.end(written[end]);
  }

  whenSent(callback: () => void): void {
    this.response.once('close', callback);
  }
}

/** A piece of a body as bytes; text is UTF-8. */
export function bytesOf(piece: string | Uint8Array): Uint8Array {
  return typeof piece === 'string' ? Buffer.from(piece) : piece;
}
