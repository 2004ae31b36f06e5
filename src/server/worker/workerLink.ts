import type { Tensor } from '../../core/inference/tensor';
import { messageOf } from '../../core/errors';
import { comeAgain, Failure } from '../failure';
import { after } from '../timer';
import { FrameReader } from './frameReader';
import { encodeFrame } from './frames';
import type {
  Described,
  FailureReason,
  Frame,
  FromWorker,
  OutgoingTensor,
  SessionOptions,
  ToWorker,
  Usage,
} from './frames';
import type { WorkerProcess } from './launch';
import { usageOf } from './usage';

export interface WorkerLimits {
  /** How long one run may take before the worker is ended. */
  runSeconds: number;
  /** How long loading the model may take. */
  loadSeconds: number;
  /** Memory the worker may have; 0 for no limit. Heeded on Linux. */
  memoryBytes: number;
  /** Longest outputs of one run. */
  outputBytes: number;
}

export interface RunOptions {
  /** Whether it may use all cores; only for a worker that has wide runs. */
  wide?: boolean;
  /** How long it may take. */
  seconds?: number;
}

export interface RunResult {
  outputs: Tensor[];
  milliseconds: number;
}

/** Characters of a model's own words that are passed on. */
const mostWords = 2000;

/** How often memory is looked at: a run fills about 200 MB between two looks. */
const memoryWatchMilliseconds = 100;

/** One life of a worker: from its start over its one model and its runs, one at a time, to its end. */
export class WorkerLink {
  /** Settles, and never rejects, with the reason once the worker has ended or was ended. */
  readonly ended: Promise<Failure>;
  #pending: { resolve(frame: Frame<FromWorker>): void; reject(failure: Failure): void } | undefined;
  #failure: Failure | undefined;
  #usage: Usage | undefined;
  #runs = 0;
  #hasWide = false;
  readonly #finish: (failure: Failure) => void;

  constructor(
    private readonly worker: WorkerProcess,
    private readonly limits: WorkerLimits,
  ) {
    let finish!: (failure: Failure) => void;
    this.ended = new Promise((resolve) => (finish = resolve));
    this.#finish = finish;
    // The frame's own padding comes on top of the outputs.
    const reader = new FrameReader<FromWorker>(
      (frame) => this.#receive(frame),
      limits.outputBytes + 64 * 1024,
    );
    worker.output.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (error) {
        this.end(comeAgain(messageOf(error)));
      }
    });
    // A broken pipe says nothing that the worker's end does not say better.
    worker.input.on('error', () => undefined);
    worker.output.on('error', () => undefined);
    const watch =
      limits.memoryBytes > 0 ? setInterval(() => this.#watchMemory(), memoryWatchMilliseconds) : undefined;
    void worker.ended.then((how) => {
      clearInterval(watch);
      this.end(comeAgain(`The model's worker process ${how}.`));
    });
  }

  /** Whether it can make wide runs; known once it has loaded the model. */
  get hasWide(): boolean {
    return this.#hasWide;
  }

  get alive(): boolean {
    return this.#failure === undefined;
  }

  /** What the worker uses: right now where the system says, else as it last reported. */
  get usage(): Usage | undefined {
    return usageOf(this.worker.pid) ?? this.#usage;
  }

  /** Resolves to what the worker says about the model, where the file does not. */
  async load(model: string, options: SessionOptions): Promise<Described | undefined> {
    const { loadSeconds } = this.limits;
    const { header } = await this.#ask(
      { kind: 'load', model, options },
      [],
      loadSeconds,
      'Loading the model',
    );
    if (header.kind === 'failed') throw new Failure(500, shortened(header.message));
    // It may have loaded between two looks.
    if (this.limits.memoryBytes > 0) this.#watchMemory();
    if (this.#failure) throw this.#failure;
    if (header.kind !== 'loaded') return undefined;
    this.#hasWide = header.wide ?? false;
    return header.described;
  }

  /** Runs the model once. */
  async run(
    inputs: OutgoingTensor[],
    { wide = false, seconds = this.limits.runSeconds }: RunOptions = {},
  ): Promise<RunResult> {
    const { outputBytes } = this.limits;
    const request: ToWorker = {
      kind: 'run',
      id: ++this.#runs,
      maxBytes: outputBytes,
      ...(wide && { wide }),
    };
    const { header, tensors } = await this.#ask(request, inputs, seconds, 'The prediction');
    if (header.kind === 'result') return { outputs: tensors, milliseconds: header.milliseconds };
    throw header.kind === 'failed'
      ? this.#runFailure(header.reason, shortened(header.message))
      : new Failure(500, 'The worker answered out of turn.');
  }

  /** Ends the worker at once; what it is doing fails with this. */
  end(failure: Failure): void {
    if (this.#failure) return;
    this.#failure = failure;
    this.worker.kill();
    this.#pending?.reject(failure);
    this.#pending = undefined;
    this.#finish(failure);
  }

  #ask(
    request: ToWorker,
    tensors: OutgoingTensor[],
    seconds: number,
    what: string,
  ): Promise<Frame<FromWorker>> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      const late = () => this.end(new Failure(504, `${what} took longer than ${seconds} s and was stopped.`));
      const timer = after(seconds * 1000, late);
      this.#pending = {
        resolve: (frame) => {
          clearTimeout(timer);
          resolve(frame);
        },
        reject: (failure) => {
          clearTimeout(timer);
          reject(failure);
        },
      };
      const buffers = encodeFrame(request, tensors);
      if (buffers.length > 1) this.worker.input.cork();
      for (const buffer of buffers) this.worker.input.write(buffer);
      if (buffers.length > 1) this.worker.input.uncork();
    });
  }

  #receive(frame: Frame<FromWorker>): void {
    this.#usage = frame.header.usage ?? this.#usage;
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.resolve(frame);
  }

  #watchMemory(): void {
    const { memoryBytes } = this.limits;
    const rss = usageOf(this.worker.pid)?.rss ?? 0;
    if (rss <= memoryBytes) return;
    const mebibytes = Math.round(memoryBytes / 2 ** 20);
    this.end(
      new Failure(507, `The model needed more memory than its limit of ${mebibytes} MiB and was stopped.`),
    );
  }

  #runFailure(reason: FailureReason, message: string): Failure {
    switch (reason) {
      case 'memory':
        return new Failure(507, `The model needs more memory than there is: ${message}`);
      case 'size': {
        const limit = Math.round(this.limits.outputBytes / 2 ** 20);
        return new Failure(507, `${message} An answer may have at most ${limit} MiB of values.`);
      }
      case 'input':
        return new Failure(400, `The model refuses the values: ${message}`);
      default:
        return new Failure(500, `The model failed: ${message}`);
    }
  }
}

function shortened(message: string): string {
  return message.length > mostWords ? `${message.slice(0, mostWords)}…` : message;
}
