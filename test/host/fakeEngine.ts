import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { temporaryFolder } from './workspace';

/** A Docker engine at a socket of this machine that answers what a test tells it to, and 404 to all else. */
export class FakeEngine {
  private constructor(
    private readonly server: Server,
    /** As the setting takes it. */
    readonly host: string,
    /** JSON by path, without what is behind `?`. May be changed while it runs. */
    readonly answers: Record<string, unknown>,
  ) {}

  static async start(answers: Record<string, unknown> = {}): Promise<FakeEngine> {
    const socket = join(await temporaryFolder('fake'), 's.sock');
    const server = createServer((request, response) => {
      const answer = answers[new URL(request.url ?? '/', 'http://engine').pathname];
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer ?? { message: 'page not found' }));
    });
    await once(server.listen(socket), 'listening');
    return new FakeEngine(server, `unix://${socket}`, answers);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
