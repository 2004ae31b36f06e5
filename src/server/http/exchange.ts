import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip as gzipWithCallback } from 'node:zlib';
import { messageOf } from '../../core/errors';
import { Failure } from '../failure';
import type { BodyBudget } from './bodyBudget';
import type { Connection } from './connection';
import { decoderOf } from './decoding';
import { writeSoon } from './outbox';
import type { PlainRequest } from './plainRequest';
import { bytesOf } from './reply';
import type { Pieces, Reply } from './reply';
import type { Route } from './router';

const gzip = promisify(gzipWithCallback);
/** Shorter answers gain nothing. */
const gzipFrom = 1024;
/** Shorter answers are not counted as held: the system takes them at once. */
const longAnswer = 64 * 1024;

/** A request as node:http reads it, whose body comes bit by bit, or one that came whole. */
export type Asked = IncomingMessage | PlainRequest;

/** The body of an answer, in one piece or in several. */
export type AnswerBody = string | Uint8Array | Pieces;

const nothing = Buffer.alloc(0);

/** Status that is counted for a client that left before it was answered; none is sent. */
export const clientGone = 499;

export interface ExchangeObserver {
  /** A request has come. */
  started(): void;
  /** A request has been answered, or its client has left. */
  ended(route: Route, status: number, seconds: number): void;
  /** So many bytes of bodies were read and sent for it, as they were on the wire. */
  moved(request: number, response: number): void;
  /** Something that should not happen has happened. */
  broken(error: unknown): void;
}

/** One request and its answer. Every answer leaves here, so every answer is counted here. */
export class Exchange {
  route: Route = 'other';
  #open = true;
  /** Bytes of the body that came. */
  #bytesRead = 0;
  /** Bytes of the body, as it came and unpacked, that are in memory. */
  #held = 0;
  /** Bytes of the answer that are in memory. */
  #unsent = 0;
  /** The headers of the request that the answer depends on. */
  #vary: string | undefined;
  #onGone: (() => void) | undefined;
  /** When it came, by the clock of `performance.now()`. */
  readonly arrived: number;
  #ended = Infinity;

  constructor(
    readonly request: Asked,
    private readonly reply: Reply,
    private readonly observer: ExchangeObserver,
    private readonly bodies: BodyBudget,
    private readonly connection: Connection,
  ) {
    this.arrived = 'arrived' in request ? request.arrived : connection.arrival();
  }

  /** Whether the client still waits for an answer. */
  get open(): boolean {
    return this.#open;
  }

  /** For how long its answer has been sent by now; 0 while there is none. */
  get sendingSeconds(): number {
    return Math.max(0, performance.now() - this.#ended) / 1000;
  }

  /** Its answer has left, or its client has. */
  left(): void {
    if (this.#open) {
      this.#end(clientGone, 0);
      this.#onGone?.();
    }
    this.bodies.releaseAnswer(this.#unsent);
  }

  /** Calls back when the client leaves before it is answered. */
  whenGone(callback: () => void): void {
    if (this.#open) this.#onGone = callback;
  }

  /** Answers with a body that is JSON text already. */
  json(status: number, body: string | Uint8Array, headers?: Record<string, string>): void {
    this.send(status, 'application/json', body, headers);
  }

  /** Answers; compressed where the client takes that and the body is long. */
  send(status: number, contentType: string, body: AnswerBody, headers?: Record<string, string>): void {
    const pieces: Pieces = Array.isArray(body) ? (body as Pieces) : [body as string | Uint8Array];
    const length = pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0);
    if (length < gzipFrom) return this.#write(status, contentType, pieces, length, headers);
    this.vary('Accept-Encoding');
    if (!takesGzip(this.request)) return this.#write(status, contentType, pieces, length, headers);
    const whole = Buffer.concat(pieces.map(bytesOf));
    // As fast as can be: an answer that waits for its last percent is slower on most networks.
    gzip(whole, { level: constants.Z_BEST_SPEED })
      .then((packed) =>
        this.#write(status, contentType, [packed], packed.length, { ...headers, 'Content-Encoding': 'gzip' }),
      )
      .catch((error: unknown) => this.fail(error));
  }

  #write(
    status: number,
    contentType: string,
    pieces: Pieces,
    length: number,
    headers?: Record<string, string>,
  ): void {
    if (!this.#open) return;
    const sent = this.request.method === 'HEAD' ? 0 : length;
    if (sent >= longAnswer) this.#holdAnswer(sent);
    this.#end(status, sent);
    writeSoon(() =>
      this.reply.send(
        status,
        { 'Content-Type': contentType, 'Content-Length': length, ...headers },
        pieces,
        this.connection.endsWith(this),
      ),
    );
  }

  /** A header of the answer, whatever that will be. */
  setHeader(name: string, value: string): void {
    this.reply.setHeader(name, value);
  }

  /** Says that the answer depends on this header of the request. */
  vary(name: string): void {
    this.#vary = this.#vary === undefined ? name : `${this.#vary}, ${name}`;
    this.setHeader('Vary', this.#vary);
  }

  /** Answers with what went wrong: in words when they are fit for the client, else only that something did. */
  fail(error: unknown): void {
    if (error instanceof Failure) {
      this.json(error.status, JSON.stringify({ error: error.message }), error.headers);
    } else if (this.#open) {
      this.observer.broken(error);
      this.json(500, JSON.stringify({ error: 'The server could not answer this; its log says why.' }));
    }
  }

  /** The whole body, unpacked. Throws or rejects with `Failure` when it is too long; the rest of it is then read and dropped. */
  body(): Buffer | Promise<Buffer> {
    const { request } = this;
    return 'body' in request ? this.#whole(request.body) : this.#unpacked(request);
  }

  async #unpacked(request: IncomingMessage): Promise<Buffer> {
    const decode = decoderOf(request.headers['content-encoding']);
    const sent = await this.#received(request);
    if (!decode) return sent;
    // What it unpacks to is in memory too, and may be a thousand times as much.
    let length = 0;
    return decode(sent, (bytes) => this.#hold(bytes, (length += bytes)));
  }

  #whole(body: Buffer): Buffer {
    this.bodies.check(body.length);
    this.#bytesRead = body.length;
    this.#hold(body.length, body.length);
    return body;
  }

  #received(request: IncomingMessage): Promise<Buffer> {
    const { bodies } = this;
    return new Promise((resolve, reject) => {
      let chunks: Buffer[] = [];
      let length = 0;
      let refused = false;
      const take = (work: () => void) => {
        try {
          if (!refused) work();
        } catch (error) {
          refused = true;
          chunks = [];
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const read = (chunk: Buffer) => {
        this.#bytesRead += chunk.length;
        take(() => {
          this.#hold(chunk.length, (length += chunk.length));
          chunks.push(chunk);
        });
      };
      const broken = (error: unknown) =>
        reject(new Failure(400, `The body could not be read: ${messageOf(error)}.`));
      request.on('data', read);
      request.once('error', broken);
      request.once('end', () => {
        resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
        // A connection knows its last request for as long as it is open.
        chunks = [];
        request.off('data', read).off('error', broken);
      });
      take(() => bodies.check(Number(request.headers['content-length'] ?? 0)));
    });
  }

  /** So many more bytes of a body that has so many by now. Throws `Failure` when that is too much, or nobody waits any more. */
  #hold(bytes: number, length: number): void {
    if (!this.#open) throw new Failure(clientGone, 'The request has ended already.');
    this.bodies.check(length);
    this.bodies.hold(bytes);
    this.#held += bytes;
  }

  #holdAnswer(bytes: number): void {
    this.bodies.holdAnswer(bytes);
    this.#unsent = bytes;
  }

  #end(status: number, sent: number): void {
    const { request } = this;
    this.#open = false;
    this.#ended = performance.now();
    if ('body' in request) request.body = nothing;
    this.bodies.release(this.#held);
    this.observer.moved(this.#bytesRead, sent);
    this.observer.ended(this.route, status, (this.#ended - this.arrived) / 1000);
  }
}

/** Whether the client says that it takes gzip; a quality of 0 says that it does not. */
function takesGzip({ headers }: Asked): boolean {
  const accepted = headers['accept-encoding'];
  return typeof accepted === 'string' && /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(accepted);
}
