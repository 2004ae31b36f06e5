import type { KubeConfig } from '@kubernetes/client-node';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { messageOf } from '../../errors';
import type { Logger } from '../../logger';
import { loadClient } from './client';
import { SERVER_PORT } from './names';

/** As many pods as a connection is tried with. */
const MAX_TRIES = 3;

/** The part of the client's WebSocket that is used. */
interface Tunnel {
  close(): void;
  terminate?(): void;
  onclose: ((event: never) => void) | null;
}

/** Names of the pods that may take a connection, the best first. */
type Choose = (signal: AbortSignal) => Promise<string[]>;

interface Listener {
  server: Server;
  url: string;
  sockets: Set<Socket>;
}

/** Loopback addresses whose connections go through the API of a cluster to pods. They are closed by `dispose`. */
export class Forwards {
  readonly #listeners = new Map<string, Promise<Listener>>();
  readonly #end = new AbortController();

  constructor(
    private readonly config: KubeConfig,
    private readonly namespace: string,
    private readonly log: Logger,
  ) {}

  /** The address of what is named `key`, opened at first use: `http://127.0.0.1:40123`. Each connection goes to a pod that `choose` names then. */
  async urlOf(key: string, choose: Choose): Promise<string> {
    let listener = this.#listeners.get(key);
    if (!listener) {
      listener = this.#listen(choose);
      this.#listeners.set(key, listener);
      listener.catch(() => this.#listeners.delete(key));
    }
    return (await listener).url;
  }

  /** Closes the addresses whose key is not wanted any more. */
  keep(wanted: (key: string) => boolean): void {
    for (const [key, listener] of this.#listeners) {
      if (wanted(key)) continue;
      this.#listeners.delete(key);
      void listener.then(close, () => undefined);
    }
  }

  dispose(): void {
    this.#end.abort();
    this.keep(() => false);
  }

  #listen(choose: Choose): Promise<Listener> {
    return new Promise((resolve, reject) => {
      const sockets = new Set<Socket>();
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
        // The other end may go at any time.
        socket.on('error', () => undefined);
        void this.#forward(socket, choose).catch((error: unknown) => {
          this.log.debug(`A connection to a pod failed: ${messageOf(error)}`);
          socket.destroy();
        });
      });
      server.unref();
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        resolve({ server, sockets, url: `http://127.0.0.1:${String(port)}` });
      });
    });
  }

  async #forward(socket: Socket, choose: Choose): Promise<void> {
    const pods = (await choose(this.#end.signal)).slice(0, MAX_TRIES);
    if (pods.length === 0) throw new Error('no pod is ready');
    for (const [index, pod] of pods.entries()) {
      if (socket.destroyed) return;
      try {
        join(socket, await this.#open(socket, pod));
        return;
      } catch (error) {
        if (index === pods.length - 1) throw error;
        this.log.debug(`${pod} took no connection: ${messageOf(error)}`);
      }
    }
  }

  async #open(socket: Socket, pod: string): Promise<Tunnel> {
    const { PortForward } = loadClient();
    const answers = new Writable({
      write: (piece: Buffer, _encoding, done) => {
        socket.write(piece);
        done();
      },
    });
    const refusals = new Writable({
      write: (piece: Buffer, _encoding, done) => {
        // The channel opens with the number of the port alone.
        if (piece.length > 0) {
          this.log.debug(`${pod}: ${piece.toString()}`);
          socket.destroy();
        }
        done();
      },
    });
    const forward = new PortForward(this.config, false);
    try {
      return (await forward.portForward(
        this.namespace,
        pod,
        [SERVER_PORT],
        answers,
        refusals,
        socket,
      )) as Tunnel;
    } catch (error) {
      // The client's socket rejects with an event.
      throw error instanceof Error
        ? error
        : new Error((error as { message?: string }).message ?? 'no reason');
    }
  }
}

function join(socket: Socket, tunnel: Tunnel): void {
  tunnel.onclose = () => socket.end();
  const shut = () => (tunnel.terminate ? tunnel.terminate() : tunnel.close());
  if (socket.destroyed) shut();
  else socket.once('close', shut);
}

function close({ server, sockets }: Listener): void {
  server.close();
  for (const socket of sockets) socket.destroy();
}
