import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { locateEngine } from '../../src/core/docker/engineLocation';

/** What becomes of something that is asked: it is done; it is said to be done, and is not; or there is no answer. */
type Fate = 'done' | 'lost' | 'silence';

/** The Docker engine of this machine, with somebody in between who decides what becomes of what is asked. */
export class EngineBetween {
  private constructor(private readonly server: Server) {}

  /** Told what is asked, as `POST /containers/c1/kill?signal=SIGUSR2`. */
  fateOf: (asked: string) => Fate | Promise<Fate> = () => 'done';

  static async start(): Promise<EngineBetween> {
    const answer = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
      const fate = await between.fateOf(`${incoming.method} ${incoming.url}`);
      if (fate === 'done') forward(incoming, outgoing);
      else if (fate === 'lost') outgoing.writeHead(204).end();
    };
    const server = createServer((incoming, outgoing) => void answer(incoming, outgoing));
    const between = new EngineBetween(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return between;
  }

  /** As the setting takes it. */
  get host(): string {
    return `tcp://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { protocol, pathname, hostname, port } = new URL(locateEngine('').address);
  const where = protocol === 'unix:' ? { socketPath: pathname } : { hostname, port };
  const sent = request({ ...where, method: incoming.method, path: incoming.url, headers: incoming.headers });
  sent.on('response', (answer) => answer.pipe(outgoing.writeHead(answer.statusCode ?? 500, answer.headers)));
  sent.on('error', () => outgoing.destroy());
  incoming.pipe(sent);
}
