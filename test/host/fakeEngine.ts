import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from './workspace';

type Answerer = (query: URLSearchParams) => unknown;

/** For an answer that never comes. */
export const silence = Symbol('silence');

/** A Docker engine that answers what a test tells it to, and 404 to all else: at a socket of this machine, or by TLS. */
export class FakeEngine {
  private constructor(
    private readonly server: Server,
    /** As the setting takes it. */
    readonly host: string,
    /** What becomes JSON, by path, or {@link silence}; a function is given what is behind `?`. May be changed while it runs. */
    readonly answers: Record<string, unknown>,
  ) {}

  static async start(
    answers: Record<string, unknown> = {},
    tls?: { cert: string; key: string },
  ): Promise<FakeEngine> {
    const listener: RequestListener = (request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://engine');
      const answer = answers[pathname];
      const found = typeof answer === 'function' ? (answer as Answerer)(searchParams) : answer;
      if (found === silence) return;
      response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(found ?? { message: 'page not found' }));
    };
    if (tls) {
      const asking = { ...tls, ca: tls.cert, requestCert: true };
      const server = createSecureServer(asking, listener).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      return new FakeEngine(server, `https://127.0.0.1:${port}`, answers);
    }
    const socket = join(await temporaryFolder('fake'), 's.sock');
    const server = createServer(listener);
    await once(server.listen(socket), 'listening');
    return new FakeEngine(server, `unix://${socket}`, answers);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
