import { Worker } from 'node:worker_threads';
import type { TransferListItem } from 'node:worker_threads';
import { byteLengthOf } from '../../core/inference/datatypes';
import { messageOf } from '../../core/errors';
import type { Tensor } from '../../core/inference/tensor';
import { Failure } from '../failure';
import { after } from '../timer';
import type { AnswerForm, BodyHints, ModelRequest, Protocol } from './codec';
import type { CodecThreadData, FromCodecThread, ToCodecThread } from './codecThread';

export interface BulkLimits {
  /** How long reading one request or writing one answer may take. */
  seconds: number;
  /** Memory that values may take meanwhile, in MiB; they are not as compact as text. */
  memoryMib: number;
}

interface Task {
  message: ToCodecThread;
  memory: TransferListItem[];
  bytes: number;
  resolve: (reply: FromCodecThread) => void;
  reject: (reason: unknown) => void;
}

/** What is as long as this leaves a thread with memory that it does not give back. */
const grownBytes = 4 * 2 ** 20;
/** How long a thread waits for the next task before it is ended. */
const idleMilliseconds = 30_000;
const grownIdleMilliseconds = 1000;
/** How long a thread may work on for somebody who has left: to start another one, whose code is cold, takes a good part of that. */
const patienceMilliseconds = 200;

/**
 * Reads and writes long requests in a thread, one after another, so that short ones are answered meanwhile. The thread starts with
 * the first one, is ended when it takes too much time or memory, which is the fault of that one only, or works for nobody, and when it
 * has nothing to do.
 */
export class BulkCodec {
  #thread: Worker | undefined;
  #active: Task | undefined;
  readonly #queue: Task[] = [];
  #grown = false;
  /** Ends the thread: at its limit while it works, else when it has waited long enough. */
  #timer: NodeJS.Timeout | undefined;

  /** @param script a file that calls `runCodecThread` when it is loaded in a thread */
  constructor(
    private readonly script: string,
    private readonly data: () => CodecThreadData,
    private readonly limits: BulkLimits,
  ) {}

  /** Rejects with `Failure`, or with the reason of `signal`. */
  async read(
    protocol: Protocol,
    body: Buffer,
    hints: BodyHints | undefined,
    signal: AbortSignal,
  ): Promise<ModelRequest> {
    const message: ToCodecThread = { kind: 'read', protocol, body, hints };
    const reply = await this.#ask(message, owned(body), body.length, signal);
    if (reply.kind !== 'request') throw failureOf(reply);
    return reply.request;
  }

  /** Rejects as {@link read} does. */
  async write(
    form: AnswerForm,
    outputs: Tensor[],
    signal: AbortSignal,
  ): Promise<{ json: Uint8Array; binary: Uint8Array[] }> {
    const bytes = outputs.reduce((sum, output) => sum + byteLengthOf(output), 0);
    const message: ToCodecThread = { kind: 'write', form, outputs: outputs.map(compact) };
    const reply = await this.#ask(message, [], bytes, signal);
    if (reply.kind !== 'answer') throw failureOf(reply);
    return reply;
  }

  #ask(
    message: ToCodecThread,
    memory: TransferListItem[],
    bytes: number,
    signal: AbortSignal,
  ): Promise<FromCodecThread> {
    return new Promise((resolve, reject) => {
      const task = { message, memory, bytes, resolve, reject };
      signal.addEventListener('abort', () => this.#withdraw(task, signal.reason), { once: true });
      this.#queue.push(task);
      this.#next();
    });
  }

  #next(): void {
    if (this.#active) return;
    clearTimeout(this.#timer);
    const task = (this.#active = this.#queue.shift());
    if (!task) return this.#rest();
    const { message, memory, bytes } = task;
    const { seconds } = this.limits;
    this.#grown ||= bytes >= grownBytes;
    this.#timer = after(seconds * 1000, () =>
      this.#lose(new Failure(504, `${workOf(task)} took longer than ${seconds} s and was stopped.`)),
    );
    try {
      this.#thread ??= this.#start();
      this.#thread.postMessage(message, memory);
    } catch (error) {
      this.#lose(error);
    }
  }

  #rest(): void {
    if (!this.#thread) return;
    this.#timer = after(this.#grown ? grownIdleMilliseconds : idleMilliseconds, () => this.#end()).unref();
  }

  #start(): Worker {
    const thread = new Worker(this.script, {
      workerData: this.data(),
      resourceLimits: { maxOldGenerationSizeMb: this.limits.memoryMib },
    });
    thread.unref();
    thread.on('message', (reply: FromCodecThread) => {
      if (thread === this.#thread) this.#finish((task) => task.resolve(reply));
    });
    thread.on('error', (error) => {
      if (thread === this.#thread) this.#lose(this.#reasonOf(error));
    });
    return thread;
  }

  #reasonOf(error: NodeJS.ErrnoException): Failure {
    const work = this.#active ? workOf(this.#active) : 'This';
    if (error.code !== 'ERR_WORKER_OUT_OF_MEMORY')
      return new Failure(500, `${work} failed: ${messageOf(error)}`);
    return new Failure(
      507,
      `${work} takes more memory than the ${this.limits.memoryMib} MiB there are for it.`,
    );
  }

  #withdraw(task: Task, reason: unknown): void {
    task.reject(reason);
    if (task === this.#active) {
      clearTimeout(this.#timer);
      this.#timer = after(patienceMilliseconds, () => this.#lose(reason));
      return;
    }
    const index = this.#queue.indexOf(task);
    if (index >= 0) this.#queue.splice(index, 1);
  }

  /** Ends the thread with what it does; the others are done by the next one. */
  #lose(reason: unknown): void {
    this.#end();
    this.#finish((task) => task.reject(reason));
  }

  #finish(settle: (task: Task) => void): void {
    const task = this.#active;
    this.#active = undefined;
    if (task) settle(task);
    this.#next();
  }

  #end(): void {
    void this.#thread?.terminate();
    this.#thread = undefined;
    this.#grown = false;
  }
}

function workOf({ message }: Task): string {
  return message.kind === 'read' ? 'Reading the request' : 'Writing the answer';
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
