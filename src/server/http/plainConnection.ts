import type { Socket } from 'node:net';
import type { Connection } from './connection';
import { PlainReply } from './plainReply';
import type { PlainWriter } from './plainReply';
import { PlainReader } from './plainRequest';
import type { PartOfRequest, PlainRequest } from './plainRequest';
import { tooSlow } from './refusals';
import type { Pieces, Reply } from './reply';

/** What is done with what comes on a connection. */
export interface PlainOptions {
  serve(request: PlainRequest, reply: Reply): void;
  /** Counts a request whose client left before it had come to its end. */
  lose(request: PartOfRequest): void;
  /** Gives a connection to node:http, which reads on it from its start. */
  handOver(socket: Socket): void;
  /** So long may a client send nothing before its first request, and read nothing of an answer. */
  requestSeconds: number;
  /** So long may it send nothing between two requests. */
  idleSeconds: number;
}

/** As much as this is read while a request is answered; the rest stays with the client. */
const mostHeld = 64 * 1024;
/** So long is the rest of a request waited for, in milliseconds: many clients write its head and its body one after the other. */
const restMilliseconds = 50;

/**
 * A connection from its start until something comes that is no plain request, or too slowly: from then on it is node:http's. What comes
 * while a request is answered waits, so that no answer is outstanding then.
 */
export class PlainConnection implements PlainWriter {
  /** Whether there is a request whose answer has not left. */
  #busy = false;
  readonly #reader = new PlainReader();
  /** What came of a request that has not come to its end. */
  readonly #part: Buffer[] = [];
  #late: NodeJS.Timeout | undefined;
  readonly #held: Buffer[] = [];
  #heldBytes = 0;
  /** Runs from the first answer on. */
  #idle: NodeJS.Timeout | undefined;
  /** When the last answer has left, by the clock of `performance.now()`. */
  #answered = 0;
  readonly #listeners: [event: string, listener: (chunk: Buffer) => void][];

  constructor(
    private readonly socket: Socket,
    private readonly connection: Connection,
    private readonly options: PlainOptions,
  ) {
    this.#listeners = [
      ['data', (chunk) => this.#read(chunk)],
      ['end', () => this.#ended()],
      ['timeout', () => this.#rest()],
      ['close', () => this.#closed()],
      ['error', () => undefined],
    ];
    socket.setTimeout(options.requestSeconds * 1000);
    for (const [event, listener] of this.#listeners) socket.on(event, listener);
  }

  get more(): boolean {
    return this.#held.length > 0;
  }

  #read(chunk: Buffer): void {
    // What follows the last answer is nobody's.
    if (!this.socket.writable) return;
    if (!this.#busy) return this.#take(chunk);
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes >= mostHeld) this.socket.pause();
  }

  #take(chunk: Buffer): void {
    const request = this.#reader.read(chunk);
    if (typeof request === 'object') return this.#serve(request);
    this.#part.push(chunk);
    if (request === 'part') this.#late ??= setTimeout(() => this.#handOver(), restMilliseconds);
    else this.#handOver();
  }

  #serve(request: PlainRequest): void {
    if (this.#late) {
      clearTimeout(this.#late);
      this.#late = undefined;
      this.#part.length = 0;
    }
    this.#busy = true;
    this.options.serve(request, new PlainReply(this, this.options.idleSeconds));
  }

  write(head: string, [first = '', ...others]: Pieces, last: boolean, sent: () => void): void {
    const { socket } = this;
    if (!socket.writable) return;
    const left = () => {
      sent();
      this.#next();
    };
    if (typeof first === 'string' && others.length === 0) {
      socket.write(head + first, left);
    } else {
      socket.cork();
      socket.write(head);
      for (const piece of [first, ...others.slice(0, -1)]) socket.write(piece);
      socket.write(others.at(-1) ?? '', left);
      socket.uncork();
    }
    if (last) socket.destroySoon();
  }

  /** An answer has left: goes on with what came meanwhile. */
  #next(): void {
    const { socket } = this;
    this.#busy = false;
    if (!socket.writable) return;
    this.#answered = performance.now();
    if (!this.#idle) this.#endIdle(this.options.idleSeconds * 1000);
    for (let chunk; !this.#busy && (chunk = this.#held.shift());) {
      this.#heldBytes -= chunk.length;
      this.#take(chunk);
    }
    if (this.#held.length === 0 && socket.isPaused()) socket.resume();
  }

  /** Ends the connection once nothing was asked for too long since the last answer. Looks in so many milliseconds: to start a timer with each answer costs more. */
  #endIdle(milliseconds: number): void {
    this.#idle = setTimeout(() => {
      const idle = this.options.idleSeconds * 1000;
      const left = this.#busy || this.#part.length > 0 ? idle : this.#answered + idle - performance.now();
      if (left > 0) this.#endIdle(left);
      else this.socket.destroy();
    }, milliseconds).unref();
  }

  /** Nothing has come or left for a while. */
  #rest(): void {
    if (this.#busy) this.connection.rest();
    else if (!this.#idle) this.connection.refuse(tooSlow);
  }

  /** As node:http has it: who sends no more gets no more. */
  #ended(): void {
    if (this.#part.length > 0) this.socket.destroy();
    else this.socket.end();
  }

  #closed(): void {
    clearTimeout(this.#idle);
    clearTimeout(this.#late);
    const { begun } = this.#reader;
    if (begun) this.options.lose(begun);
  }

  #handOver(): void {
    const { socket } = this;
    clearTimeout(this.#idle);
    clearTimeout(this.#late);
    for (const [event, listener] of this.#listeners) socket.off(event, listener);
    // It flows again once there is who reads it: else what is put back could go to nobody.
    socket.pause();
    for (const piece of [...this.#part, ...this.#held.splice(0)].reverse()) socket.unshift(piece);
    this.connection.handedOver(socket.readableLength, this.#reader.begun?.arrived);
    this.options.handOver(socket);
    socket.resume();
  }
}
