import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '../../core/errors';
import { Failure } from '../failure';
import type { BodyBudget } from './bodyBudget';
import type { Route } from './router';

/** Status that is counted for a client that left before it was answered; none is sent. */
const clientGone = 499;

export interface ExchangeObserver {
  /** A request has been answered, or its client has left. */
  ended(route: Route, status: number, seconds: number): void;
  /** Something that should not happen has happened. */
  broken(error: unknown): void;
}

/** One request and its answer. Every answer leaves here, so every answer is counted here. */
export class Exchange {
  route: Route = 'other';
  #open = true;
  /** Bytes of the body that are in memory. */
  #held = 0;
  #onGone: (() => void) | undefined;
  readonly #started = performance.now();

  constructor(
    readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly observer: ExchangeObserver,
    private readonly bodies: BodyBudget,
  ) {
    response.once('close', () => {
      if (!this.#open) return;
      this.#end(clientGone);
      this.#onGone?.();
    });
  }

  /** Whether the client still waits for an answer. */
  get open(): boolean {
    return this.#open;
  }

  /** Calls back when the client leaves before it is answered. */
  whenGone(callback: () => void): void {
    if (this.#open) this.#onGone = callback;
  }

  /** Answers with a body that is JSON text already. */
  json(status: number, body: string | Uint8Array, headers?: Record<string, string>): void {
    this.send(status, 'application/json', body, headers);
  }

  send(
    status: number,
    contentType: string,
    body: string | Uint8Array,
    headers?: Record<string, string>,
  ): void {
    if (!this.#open) return;
    this.#end(status);
    const length = Buffer.byteLength(body);
    this.response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': length, ...headers });
    this.response.end(body);
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

  /** The whole body. Rejects with `Failure` when it is too long; the rest of it is then read and dropped. */
  body(): Promise<Buffer> {
    const { request, bodies } = this;
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let length = 0;
      let refused = false;
      const take = (work: () => void) => {
        try {
          if (!refused) work();
        } catch (error) {
          refused = true;
          chunks.length = 0;
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      request.on('data', (chunk: Buffer) =>
        take(() => {
          length += chunk.length;
          bodies.check(length);
          bodies.hold(chunk.length);
          this.#held += chunk.length;
          chunks.push(chunk);
        }),
      );
      request.once('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
      request.once('error', (error) =>
        reject(new Failure(400, `The body could not be read: ${messageOf(error)}.`)),
      );
      take(() => bodies.check(Number(request.headers['content-length'] ?? 0)));
    });
  }

  #end(status: number): void {
    this.#open = false;
    this.bodies.release(this.#held);
    this.observer.ended(this.route, status, (performance.now() - this.#started) / 1000);
  }
}
