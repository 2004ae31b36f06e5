import type { Socket } from 'node:net';
import type { Failure } from '../failure';
import type { Exchange, ExchangeObserver } from './exchange';
import { headLines } from './plainReply';
import { tooSlow } from './refusals';
import type { Reply } from './reply';

/** A request that is still on its way when the server stops has so long. Docker kills what has not ended after 10 s. */
const drainSeconds = 5;

/** A client's connection: what was asked on it, and what of the answers has not left yet. */
export class Connection {
  /** Whether it ends with the answer to what was asked last. */
  closing = false;
  #last: Exchange | undefined;
  /** Those whose answer has not left for good: a client may read slowly, or what it asks takes long. */
  readonly #unsent: Exchange[] = [];
  /** What had come when the last answer had left: more is the beginning of another request. */
  #bytesRead = 0;
  /** When the first of what another reads had come. */
  #arrived: number | undefined;
  /** What follows the last answer. */
  #end: (() => void) | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly observer: ExchangeObserver,
  ) {
    socket.once('close', () => {
      // Node tells only of the response that is written at the moment, and not of those behind it.
      for (const exchange of [...this.#unsent]) this.#left(exchange);
    });
  }

  begin(exchange: Exchange, reply: Reply): void {
    this.#last = exchange;
    this.#unsent.push(exchange);
    reply.whenSent(() => this.#left(exchange));
  }

  /** Whether no other answer will follow this one. */
  endsWith(exchange: Exchange): boolean {
    return this.closing && exchange === this.#last;
  }

  /** Refuses what came last, when that is no request, or not a whole one. What came before it gets its answers first. */
  refuse(failure: Failure): void {
    if (this.#end) return;
    const last = this.#last;
    const partOfLast = last && !last.request.complete;
    if (partOfLast && last.open) return last.fail(failure);
    // The rest of what is answered already gets no second answer.
    this.#end = partOfLast ? () => this.socket.destroy() : () => this.#answer(failure);
    if (this.#unsent.length === 0) this.#end();
  }

  /** Another reads on: so many bytes of what came are of no request that is known here; `arrived` is when the first of them came. */
  handedOver(bytes: number, arrived?: number): void {
    this.#bytesRead = this.socket.bytesRead - bytes;
    this.#arrived = arrived;
  }

  /** When the request began to come whose head is read now, by the clock of `performance.now()`. */
  arrival(): number {
    const arrived = this.#arrived ?? performance.now();
    this.#arrived = undefined;
    return arrived;
  }

  /** Nothing has come or left for a while: it ends when that is the client's fault, but for requests that come slowly, which are refused. */
  rest(): void {
    const idle = this.#last && this.#unsent.length === 0 && !this.#moreCame;
    if (idle || this.socket.writableLength > 0) this.socket.destroy();
  }

  /** The server stops since so many seconds: ends what has nothing to wait for, and what has waited long enough for its client. */
  drain(seconds: number, sendSeconds: number): void {
    const last = this.#last;
    const waits = this.#unsent.length > 0;
    const asks = last?.request.complete === false || (!waits && this.#moreCame);
    const stuck = waits && Math.min(seconds, last?.sendingSeconds ?? 0) > sendSeconds;
    if (stuck || (!waits && !asks)) this.socket.destroy();
    else if (asks && seconds > drainSeconds) this.refuse(tooSlow);
  }

  get #moreCame(): boolean {
    return this.socket.bytesRead > this.#bytesRead;
  }

  #left(exchange: Exchange): void {
    const index = this.#unsent.indexOf(exchange);
    if (index < 0) return;
    this.#unsent.splice(index, 1);
    exchange.left();
    if (this.#unsent.length > 0) return;
    this.#bytesRead = this.socket.bytesRead;
    this.#end?.();
  }

  #answer(failure: Failure): void {
    if (!this.socket.writable) return void this.socket.destroy();
    this.observer.started();
    this.observer.ended('other', failure.status, 0);
    const body = JSON.stringify({ error: failure.message });
    const headers = { Connection: 'close', 'Content-Type': 'application/json', ...failure.headers };
    const lines = headLines(failure.status, { ...headers, 'Content-Length': Buffer.byteLength(body) });
    this.socket.end(`${lines}\r\n${body}`, () => this.socket.destroy());
  }
}
