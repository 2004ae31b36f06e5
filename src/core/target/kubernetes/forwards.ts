import type { KubeConfig } from '@kubernetes/client-node';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { messageOf } from '../../errors';
import type { Logger } from '../../logger';
import { loadClient } from './client';
import { SERVER_PORT } from './names';

/** As many pods as a connection is tried with. */
const MAX_TRIES = 3;
/** How much of a request is kept until it is answered, in bytes, so that another pod can be asked. */
const MAX_REPEATED = 1024 * 1024;

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

  /** Tries one pod after the other, until one takes the connection. */
  async #forward(socket: Socket, choose: Choose): Promise<void> {
    const sent = new SentBytes(socket);
    const pods = (await choose(this.#end.signal)).slice(0, MAX_TRIES);
    for (const pod of pods) {
      if (socket.destroyed) return;
      const refusal = await this.#attempt(socket, pod, sent);
      if (refusal === undefined) return;
      this.log.debug(`${pod} took no connection: ${refusal}`);
      if (!sent.canRepeat) break;
    }
    throw new Error('no pod takes the connection');
  }

  /** Resolves when the connection ends; to why, where the pod did not take it at all. */
  async #attempt(socket: Socket, pod: string, sent: SentBytes): Promise<string | undefined> {
    const { PortForward } = loadClient();
    const forward = new PortForward(this.config, false);
    const input = sent.from();
    let tunnel: Tunnel | undefined;
    return new Promise((resolve) => {
      const shut = () => (tunnel?.terminate ? tunnel.terminate() : tunnel?.close());
      let ended = false;
      const end = (refusal?: string) => {
        if (ended) return;
        ended = true;
        socket.off('close', onClose);
        input.destroy();
        shut();
        if (refusal === undefined) socket.end();
        resolve(refusal);
      };
      const onClose = () => end();
      socket.once('close', onClose);
      const answers = writable((piece) => {
        sent.forget();
        socket.write(piece);
      });
      const refusals = writable((piece) => {
        if (sent.canRepeat) end(piece.toString());
        else socket.destroy();
      });
      forward.portForward(this.namespace, pod, [SERVER_PORT], answers, refusals, input).then(
        (opened) => {
          tunnel = opened as Tunnel;
          tunnel.onclose = () => end();
          if (ended) shut();
        },
        // The client's socket rejects with an event.
        (error: unknown) => end((error as { message?: string }).message ?? 'no reason'),
      );
    });
  }
}

/** What a client has sent, to be sent again to another pod as long as none has answered. */
class SentBytes {
  #pieces: Buffer[] = [];
  #length = 0;
  #input: PassThrough | undefined;
  canRepeat = true;

  constructor(private readonly socket: Socket) {
    socket.on('data', (piece: Buffer) => {
      if (this.canRepeat) this.#pieces.push(piece);
      this.#length += piece.length;
      if (this.#length > MAX_REPEATED) this.forget();
      if (this.#input?.writable) this.#input.write(piece);
    });
    socket.on('end', () => this.#input?.end());
  }

  /** A stream of all that was sent, and of what is sent. */
  from(): PassThrough {
    const input = new PassThrough();
    for (const piece of this.#pieces) input.write(piece);
    if (this.socket.readableEnded) input.end();
    return (this.#input = input);
  }

  /** From here on it can not be sent again. */
  forget(): void {
    this.canRepeat = false;
    this.#pieces = [];
  }
}

/** The channels open with the number of the port, after which nothing is left of the first piece. */
function writable(take: (piece: Buffer) => void): Writable {
  return new Writable({
    write: (piece: Buffer, _encoding, done) => {
      if (piece.length > 0) take(piece);
      done();
    },
  });
}

function close({ server, sockets }: Listener): void {
  server.close();
  for (const socket of sockets) socket.destroy();
}
