import { createServer, Server, STATUS_CODES } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../failure';
import type { Access } from './access';
import type { BodyBudget } from './bodyBudget';
import { Exchange } from './exchange';
import type { ExchangeObserver } from './exchange';
import type { Router } from './router';

export interface HttpObserver extends ExchangeObserver {
  started(): void;
}

/** How long a connection may be open without a request. */
const idleSeconds = 75;

/** The HTTP server: hands requests to the router, and ends without dropping one. */
export class HttpServer {
  readonly #server: Server;
  #closing = false;
  /** The last exchange on each connection. */
  readonly #current = new WeakMap<Socket, Exchange>();

  constructor(
    private readonly router: Router,
    private readonly observer: HttpObserver,
    /** A client that takes longer to send its request is refused with 408. */
    requestSeconds: number,
    private readonly bodies: BodyBudget,
    private readonly access: Access,
  ) {
    this.#server = createServer({
      headersTimeout: requestSeconds * 1000,
      requestTimeout: requestSeconds * 1000,
      keepAliveTimeout: idleSeconds * 1000,
      connectionsCheckingInterval: 500,
      noDelay: true,
    });
    this.#server.on('request', (request, response) => void this.#serve(request, response));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
      this.#refuse(error, socket),
    );
  }

  /** Resolves to the address that people can open. */
  listen(host: string, port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve(urlOf(this.#server.address() as AddressInfo));
      });
    });
  }

  /** Accepts nothing more; resolves when all that came in is answered. */
  async close(): Promise<void> {
    this.#closing = true;
    const closed = new Promise((resolve) => this.#server.once('close', resolve));
    // Not http.Server's own close: that would cut connections whose next request is on its way already.
    NetServer.prototype.close.call(this.#server);
    await sleep(lingerMilliseconds);
    while (!(await Promise.race([closed.then(() => true), sleep(20, false)])))
      this.#server.closeIdleConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.observer.started();
    const exchange = new Exchange(request, response, this.observer, this.bodies);
    this.#current.set(request.socket, exchange);
    if (this.#closing) response.shouldKeepAlive = false;
    const id = request.headers['x-request-id'];
    if (id !== undefined) exchange.setHeader('X-Request-Id', String(id));
    try {
      if (this.access.preflight(exchange)) return;
      const { route, handler, params } = this.router.match(request.method ?? '', request.url ?? '');
      exchange.route = route;
      this.access.check(exchange);
      await handler(exchange, params);
    } catch (error) {
      exchange.fail(error);
    }
  }

  /** Answers what is no HTTP request, or came too slowly. */
  #refuse(error: NodeJS.ErrnoException, socket: Socket): void {
    if (!socket.writable || gone.has(error.code ?? '')) return void socket.destroy();
    const failure =
      refusals[error.code ?? ''] ??
      new Failure(400, 'This is no valid HTTP request.', { Connection: 'close' });
    const exchange = this.#current.get(socket);
    // A body that broke off belongs to a request that has an exchange already.
    if (exchange?.open) return exchange.fail(failure);
    this.observer.started();
    this.observer.ended('other', failure.status, 0);
    const body = JSON.stringify({ error: failure.message });
    const status = `${failure.status} ${STATUS_CODES[failure.status]}`;
    const head = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    socket.end(head + body, () => socket.destroy());
  }
}

/** Codes of errors that say that the client has left: there is nobody to answer. */
const gone = new Set(['ECONNRESET', 'EPIPE', 'HPE_INVALID_EOF_STATE']);

const refusals: Record<string, Failure> = {
  ERR_HTTP_REQUEST_TIMEOUT: new Failure(408, 'The request came too slowly.', { Connection: 'close' }),
  HPE_HEADER_OVERFLOW: new Failure(431, 'The headers are too long.', { Connection: 'close' }),
};

/** How long a connection may still bring a request that was sent before its client could know. */
const lingerMilliseconds = 100;

function urlOf({ address, family, port }: AddressInfo): string {
  const reachable = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  return family === 'IPv6' ? `http://[${reachable}]:${port}` : `http://${reachable}:${port}`;
}
