import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A way to a server of this machine that can be disturbed. */
export interface Wire {
  /** `127.0.0.1:5001` */
  host: string;
  /** Ends all connections once so many bytes more have gone to the server; what comes later passes. Resolves when it is done. */
  cutAfter(bytes: number): Promise<void>;
  /** Lets nothing pass any more once so many bytes more have gone to the server. Resolves when it is done. */
  holdAfter(bytes: number): Promise<void>;
  /** Lets pass again. */
  release(): void;
  remove(): Promise<void>;
}

/** Carries what goes to `host` (`127.0.0.1:5000`) and comes from there. */
export async function startWire(host: string): Promise<Wire> {
  const [name, port] = host.split(':');
  const sockets = new Set<Socket>();
  let limit: { left: number; reached: () => void } | undefined;
  let held = false;
  const server = createServer((client) => {
    const upstream = connect(Number(port), name);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    upstream.pipe(client);
    client.on('data', (piece) => {
      upstream.write(piece);
      if (limit && (limit.left -= piece.length) <= 0) limit.reached();
    });
    if (held) for (const socket of [client, upstream]) socket.pause();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  const after = (left: number, act: () => void) =>
    new Promise<void>((resolve) => {
      const reached = () => {
        limit = undefined;
        act();
        resolve();
      };
      limit = { left, reached };
    });
  const all = (act: (socket: Socket) => void) => sockets.forEach(act);
  return {
    host: `127.0.0.1:${(server.address() as { port: number }).port}`,
    cutAfter: (bytes) => after(bytes, () => all((socket) => socket.destroy())),
    holdAfter: (bytes) =>
      after(bytes, () => {
        held = true;
        all((socket) => socket.pause());
      }),
    release: () => {
      held = false;
      all((socket) => socket.resume());
    },
    remove: async () => {
      server.close();
      all((socket) => socket.destroy());
      await once(server, 'close');
    },
  };
}
