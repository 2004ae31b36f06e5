import type { KubeConfig } from '@kubernetes/client-node';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { messageOf } from '../../errors';
import type { Logger } from '../../logger';
import { loadClient } from './client';
import { SERVER_PORT } from './names';

/** As many pods as a connection is tried with. */
const MAX_TRIES = 3;
/** How long a client may be silent whose pod has gone until its connection is closed, in milliseconds. */
const SILENCE_MS = 2_000;
/** How much of a request is kept until it is answered, in bytes, so that another pod can be asked. */
const MAX_REPEATED = 1024 * 1024;

/** The part of the client's WebSocket that is used. */
interface Tunnel {
  close(): void;
  terminate?(): void;
  onclose: ((event: never) => void) | null;
}

/** Names of the pods that may take a connection, the best first; `fresh` where what was known of them was wrong. */
type Choose = (signal: AbortSignal, fresh: boolean) => Promise<string[]>;

interface Listener {
  server: Server;
  url: string;
  sockets: Set<Socket>;
}

interface Opening {
  listener: Promise<Listener>;
  /** By `performance.now()`. */
  opened: number;
}

/** Loopback addresses whose connections go through the API of a cluster to pods. They are closed by `dispose`. */
export class Forwards {
  readonly #openings = new Map<string, Opening>();
  readonly #end = new AbortController();

  constructor(
    private readonly config: KubeConfig,
    private readonly namespace: string,
    private readonly log: Logger,
  ) {}

  /** The address of what is named `key`, opened at first use: `http://127.0.0.1:40123`. Each connection goes to a pod that `choose` names then. */
  async urlOf(key: string, choose: Choose): Promise<string> {
    let opening = this.#openings.get(key);
    if (!opening) {
      opening = { listener: this.#listen(choose), opened: performance.now() };
      this.#openings.set(key, opening);
      opening.listener.catch(() => this.#openings.delete(key));
    }
    return (await opening.listener).url;
  }

  /** Closes the addresses whose key was not wanted any more at a time (by `performance.now()`): those that were opened since stay. */
  keep(wanted: (key: string) => boolean, time: number): void {
    for (const [key, { listener, opened }] of this.#openings) {
      if (wanted(key) || opened > time) continue;
      this.#openings.delete(key);
      void listener.then(close, () => undefined);
    }
  }

  dispose(): void {
    this.#end.abort();
    this.keep(() => false, Infinity);
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

  /**
   * Joins a connection to one pod after the other for as long as its client keeps it: a pod that goes leaves the connection to the next
   * one, with what it has not answered. What is asked here, a prediction, may be asked twice.
   */
  async #forward(socket: Socket, choose: Choose): Promise<void> {
    const sent = new SentBytes(socket);
    const refused = new Set<string>();
    while (refused.size < MAX_TRIES && !socket.destroyed) {
      const pods = await choose(this.#end.signal, refused.size > 0);
      const pod = pods.find((name) => !refused.has(name));
      if (pod === undefined) throw new Error('no other pod is ready');
      const ended = await this.#join(socket, pod, sent);
      if (ended.why) this.log.debug(`${pod}: ${ended.why}`);
      if (!sent.canRepeat) break;
      if (ended.answered) refused.clear();
      refused.add(pod);
      if (!sent.isWaiting && !(await sent.more())) break;
    }
    socket.end();
  }

  /** Resolves when the connection to the pod ends: whether it ever answered, and why it ended if somebody says so. */
  async #join(socket: Socket, pod: string, sent: SentBytes): Promise<{ answered: boolean; why?: string }> {
    const { PortForward } = loadClient();
    const forward = new PortForward(this.config, false);
    const input = sent.from();
    let tunnel: Tunnel | undefined;
    let answered = false;
    return new Promise((resolve) => {
      const shut = () => (tunnel?.terminate ? tunnel.terminate() : tunnel?.close());
      let ended = false;
      const end = (why?: string) => {
        if (ended) return;
        ended = true;
        socket.off('close', onClose);
        input.destroy();
        shut();
        resolve({ answered, ...(why !== undefined && { why }) });
      };
      const onClose = () => end();
      socket.once('close', onClose);
      const answers = writable((piece) => {
        answered = true;
        sent.answered();
        socket.write(piece);
      });
      const refusals = writable((piece) => end(piece.toString()));
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

/** What a client has sent since it was answered last. */
class SentBytes {
  #pieces: Buffer[] = [];
  #length = 0;
  #hasAnswer = false;
  #input: PassThrough | undefined;
  #wake: (more: boolean) => void = () => undefined;

  constructor(private readonly socket: Socket) {
    socket.on('data', (piece: Buffer) => {
      if (this.#hasAnswer) {
        this.#pieces = [];
        this.#length = 0;
        this.#hasAnswer = false;
      }
      this.#length += piece.length;
      if (this.canRepeat) this.#pieces.push(piece);
      if (this.#input?.writable) this.#input.write(piece);
      this.#wake(true);
    });
    socket.on('end', () => {
      this.#input?.end();
      this.#wake(false);
    });
    socket.on('close', () => this.#wake(false));
  }

  /** Whether it is short enough to be kept. */
  get canRepeat(): boolean {
    return this.#length <= MAX_REPEATED;
  }

  /** Whether the client has asked something that nobody has begun to answer. */
  get isWaiting(): boolean {
    return this.#pieces.length > 0 && !this.#hasAnswer;
  }

  answered(): void {
    this.#hasAnswer = true;
  }

  /** A stream of what is not answered yet, and of what is sent from now on. */
  from(): PassThrough {
    const input = new PassThrough();
    if (!this.#hasAnswer) for (const piece of this.#pieces) input.write(piece);
    if (this.socket.readableEnded) input.end();
    return (this.#input = input);
  }

  /** Resolves to whether the client sends more, before it is silent for too long. */
  async more(): Promise<boolean> {
    if (this.socket.destroyed || this.socket.readableEnded) return false;
    return new Promise((resolve) => {
      const silence = setTimeout(() => resolve(false), SILENCE_MS);
      this.#wake = (more) => {
        clearTimeout(silence);
        resolve(more);
      };
    });
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
