import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from './workspace';

type Answerer = (query: URLSearchParams) => unknown;

/** For an answer that never comes. */
export const silence = Symbol('silence');

/** An answer that the engine does not do it. */
export class Refusal {
  constructor(
    readonly status: number,
    readonly message: string,
  ) {}
}

/** A Docker engine that answers what a test tells it to, and 404 to all else: at a socket of this machine, or by TLS. */
export class FakeEngine {
  private constructor(
    private readonly server: Server,
    /** As the setting takes it. */
    readonly host: string,
    /** What becomes JSON, by path, {@link silence} or a {@link Refusal}; a function is given what is behind `?`. May be changed while it runs. */
    readonly answers: Record<string, unknown>,
    /** What was asked, such as `DELETE /containers/c1`. */
    readonly asked: readonly string[],
  ) {}

  static async start(
    answers: Record<string, unknown> = {},
    tls?: { cert: string; key: string },
  ): Promise<FakeEngine> {
    const asked: string[] = [];
    const listener: RequestListener = (request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://engine');
      asked.push(`${request.method} ${pathname}`);
      const answer = answers[pathname];
      const found = typeof answer === 'function' ? (answer as Answerer)(searchParams) : answer;
      if (found === silence) return;
      const body = found ?? new Refusal(404, 'page not found');
      response.writeHead(body instanceof Refusal ? body.status : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    if (tls) {
      const asking = { ...tls, ca: tls.cert, requestCert: true };
      const server = createSecureServer(asking, listener).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      return new FakeEngine(server, `https://127.0.0.1:${port}`, answers, asked);
    }
    const socket = join(await temporaryFolder('fake'), 's.sock');
    const server = createServer(listener);
    await once(server.listen(socket), 'listening');
    return new FakeEngine(server, `unix://${socket}`, answers, asked);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
