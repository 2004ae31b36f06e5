import { createServer, Server } from 'node:http';
import type { RequestListener } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure } from '../failure';
import type { Access } from './access';
import type { BodyBudget } from './bodyBudget';
import { Connection } from './connection';
import { clientGone, Exchange } from './exchange';
import type { Asked, ExchangeObserver } from './exchange';
import { PlainConnection } from './plainConnection';
import type { PartOfRequest } from './plainRequest';
import { checkHost, gone, noProxy, refusalOf, unexpected } from './refusals';
import { NodeReply } from './reply';
import type { Reply } from './reply';
import type { Router } from './router';

/** How long a connection may be open without a request. */
const idleSeconds = 75;

/** The HTTP server: hands requests to the router, and ends without dropping one. */
export class HttpServer {
  readonly #server: Server;
  /** How node:http takes a connection. */
  readonly #handOver: (socket: Socket) => void;
  readonly #connections = new Map<Socket, Connection>();

  constructor(
    private readonly router: Router,
    private readonly observer: ExchangeObserver,
    /** A client that takes longer to send its request is refused with 408, one that reads nothing of its answer for so long is dropped. */
    private readonly requestSeconds: number,
    private readonly bodies: BodyBudget,
    private readonly access: Access,
  ) {
    const server = createServer({
      headersTimeout: requestSeconds * 1000,
      requestTimeout: requestSeconds * 1000,
      keepAliveTimeout: idleSeconds * 1000,
      connectionsCheckingInterval: 500,
      noDelay: true,
      // It would answer without words, and without being counted.
      requireHostHeader: false,
    });
    this.#server = server;
    const [takes] = server.listeners('connection') as [(socket: Socket) => void];
    this.#handOver = (socket) => takes.call(server, socket);
    server.off('connection', takes);
    server.on('connection', (socket) => this.#open(socket));
    server.on('request', this.#listener());
    server.on('checkExpectation', this.#listener(unexpected));
    server.on('connect', (request, socket) => {
      socket.on('error', () => undefined);
      this.#connections.get(request.socket)?.refuse(noProxy);
    });
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => this.#refuse(error, socket));
    server.setTimeout(requestSeconds * 1000, (socket) => this.#connections.get(socket)?.rest());
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
    const connections = this.#connections;
    for (const connection of connections.values()) connection.closing = true;
    const closed = new Promise((resolve) => this.#server.once('close', resolve));
    // Not http.Server's own close: that would cut connections whose next request is on its way already, or whose answer is.
    NetServer.prototype.close.call(this.#server);
    await sleep(lingerMilliseconds);
    const started = performance.now();
    while (!(await Promise.race([closed.then(() => true), sleep(20, false)]))) {
      const seconds = (performance.now() - started) / 1000;
      for (const connection of connections.values()) connection.drain(seconds, this.requestSeconds);
    }
  }

  #open(socket: Socket): void {
    const connection = new Connection(socket, this.observer);
    this.#connections.set(socket, connection);
    socket.once('close', () => this.#connections.delete(socket));
    new PlainConnection(socket, connection, {
      serve: (request, reply) => void this.#serve(request, reply, connection),
      lose: (request) => this.#lose(request),
      handOver: this.#handOver,
      requestSeconds: this.requestSeconds,
      idleSeconds,
    });
  }

  /** Answers what node:http has read: with `refusal`, where that is given. */
  #listener(refusal?: Failure): RequestListener {
    return (request, response) =>
      void this.#serve(
        request,
        new NodeReply(response),
        this.#connections.get(request.socket) as Connection,
        refusal,
      );
  }

  async #serve(request: Asked, reply: Reply, connection: Connection, refusal?: Failure): Promise<void> {
    this.observer.started();
    const exchange = new Exchange(request, reply, this.observer, this.bodies, connection);
    connection.begin(exchange, reply);
    const id = request.headers['x-request-id'];
    if (id !== undefined) exchange.setHeader('X-Request-Id', String(id));
    try {
      if (refusal) throw refusal;
      checkHost(request);
      if (this.access.preflight(exchange)) return;
      const { route, handler, params } = this.router.match(request.method ?? '', request.url ?? '');
      exchange.route = route;
      this.access.check(exchange);
      await handler(exchange, params);
    } catch (error) {
      exchange.fail(error);
    }
  }

  /** Counts a request whose client left before it had come to its end. */
  #lose({ url, arrived, bytes }: PartOfRequest): void {
    this.observer.started();
    this.observer.moved(bytes, 0);
    const seconds = (performance.now() - arrived) / 1000;
    this.observer.ended(this.router.routeOf('POST', url), clientGone, seconds);
  }

  /** Answers what is no HTTP request, or came too slowly. */
  #refuse({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
    // What follows a request that was said to be the last is none, and its answer is on its way.
    if (code === 'HPE_CLOSED_CONNECTION') return;
    if (!socket.writable || gone.has(code)) return void socket.destroy();
    this.#connections.get(socket)?.refuse(refusalOf(code));
  }
}

/** How long a connection may still bring a request that was sent before its client could know. */
const lingerMilliseconds = 100;

function urlOf({ address, family, port }: AddressInfo): string {
  const reachable = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  return family === 'IPv6' ? `http://[${reachable}]:${port}` : `http://${reachable}:${port}`;
}
