import { Worker } from 'node:worker_threads';
import type { TransferListItem } from 'node:worker_threads';
import type { Tensor } from '../../core/inference/tensor';
import { Failure } from '../failure';
import type { AnswerForm, ModelRequest, Protocol } from './codec';
import type { CodecThreadData, FromCodecThread, ToCodecThread } from './codecThread';

interface Waiting {
  resolve: (reply: FromCodecThread) => void;
  reject: (failure: Failure) => void;
}

type Omitted<T> = T extends unknown ? Omit<T, 'id'> : never;

/** Reads and writes long requests in a thread, so that short ones are answered meanwhile. The thread starts with the first one. */
export class BulkCodec {
  #thread: Worker | undefined;
  #last = 0;
  readonly #waiting = new Map<number, Waiting>();

  /** @param script a file that calls `runCodecThread` when it is loaded in a thread */
  constructor(
    private readonly script: string,
    private readonly data: () => CodecThreadData,
  ) {}

  async read(protocol: Protocol, body: Buffer, jsonBytes?: number): Promise<ModelRequest> {
    const reply = await this.#ask({ kind: 'read', protocol, body, jsonBytes }, owned(body));
    if (reply.kind !== 'request') throw failureOf(reply);
    return reply.request;
  }

  async write(form: AnswerForm, outputs: Tensor[]): Promise<{ json: Uint8Array; binary: Uint8Array[] }> {
    const reply = await this.#ask({ kind: 'write', form, outputs: outputs.map(compact) }, []);
    if (reply.kind !== 'answer') throw failureOf(reply);
    return reply;
  }

  #ask(message: Omitted<ToCodecThread>, memory: TransferListItem[]): Promise<FromCodecThread> {
    const thread = (this.#thread ??= this.#start());
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      thread.postMessage({ ...message, id }, memory);
    });
  }

  #start(): Worker {
    const thread = new Worker(this.script, { workerData: this.data() });
    thread.unref();
    thread.on('message', (reply: FromCodecThread) => {
      this.#waiting.get(reply.id)?.resolve(reply);
      this.#waiting.delete(reply.id);
    });
    // It ends by itself only when it runs out of memory.
    thread.on('error', (error) => this.#lose(thread, error));
    return thread;
  }

  #lose(thread: Worker, error: Error): void {
    if (this.#thread === thread) this.#thread = undefined;
    for (const { reject } of this.#waiting.values()) {
      reject(new Failure(507, `The request or its answer is too long: ${error.message}.`));
    }
    this.#waiting.clear();
  }
}

function failureOf(reply: FromCodecThread): Failure {
  return reply.kind === 'failure'
    ? new Failure(reply.status, reply.message)
    : new Failure(500, 'The codec answered out of turn.');
}

/** Outputs of a shared run are views of one memory, and all of that would be copied to the thread for each of them. */
function compact(output: Tensor): Tensor {
  const { data } = output;
  if (Array.isArray(data) || data.byteLength > data.buffer.byteLength / 2) return output;
  return { ...output, data: data.slice() };
}

/** The memory of a body, if nothing else lies in it. */
function owned({ buffer, byteLength }: Buffer): TransferListItem[] {
  return buffer.byteLength === byteLength ? [buffer as ArrayBuffer] : [];
}
