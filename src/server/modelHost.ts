import { join } from 'node:path';
import type { Tensor } from '../core/inference/tensor';
import type { Signature } from '../core/model/signature';
import { Batcher, type Job } from './batching/batcher';
import { hasRows } from './batching/rows';
import { Failure } from './failure';
import type { Exchange } from './http/exchange';
import { ServerMetrics } from './metrics';
import type { ModelService } from './modelService';
import type { ServerOptions } from './options';
import { childProcess } from './worker/launch';
import { Supervisor } from './worker/supervisor';

const mebibyte = 2 ** 20;

/** A model with the worker that runs it, the queue before it, and what is measured about it. */
export class ModelHost implements ModelService {
  readonly name: string;
  readonly version: string;
  readonly platform = 'onnxruntime_onnx';
  /** Longest body that is read, in bytes. */
  readonly maxBodyBytes: number;
  readonly metrics: ServerMetrics;
  readonly #worker: Supervisor;
  readonly #batcher: Batcher;
  #stopping = false;

  constructor(
    readonly signature: Signature,
    options: ServerOptions,
    log: (message: string) => void,
  ) {
    this.name = options.name;
    this.version = options.version;
    this.maxBodyBytes = Math.round(options.maxBodyMib * mebibyte);
    this.#worker = new Supervisor({
      launch: childProcess(join(__dirname, 'onnxWorker.js')),
      model: options.model,
      limits: {
        runSeconds: options.runTimeoutSeconds,
        loadSeconds: options.loadTimeoutSeconds,
        memoryBytes: options.workerMemoryMib * mebibyte,
        outputBytes: this.maxBodyBytes,
      },
      session: options.threads > 0 ? { intraOpThreads: options.threads } : {},
      log,
    });
    this.metrics = new ServerMetrics(
      {
        queueLength: () => this.#batcher.queueLength,
        restarts: () => this.#worker.restarts,
        workerUsage: () => this.#worker.usage,
      },
      { model: this.name, version: this.version, platform: this.platform, hash: options.hash ?? '' },
    );
    this.#batcher = new Batcher(
      this.#worker,
      {
        maxQueue: options.maxQueue,
        maxBatch: options.maxBatch,
        // Long enough for the run that is busy to break its limit, for another worker to start, and for another such run.
        queueSeconds: 2 * options.runTimeoutSeconds + 10,
        batchable: hasRows(signature),
        log,
      },
      this.metrics,
    );
  }

  /** Resolves when the model is loaded; rejects with the reason when it can not be. */
  start(): Promise<void> {
    return this.#worker.start();
  }

  notReady(): string | undefined {
    if (this.#stopping) return 'The server is stopping.';
    if (this.#worker.ready) return undefined;
    return this.#worker.down?.message ?? 'The model is being loaded.';
  }

  async predict(inputs: Tensor[], exchange: Exchange, timeout?: number): Promise<Tensor[]> {
    const job = this.#batcher.submit(inputs);
    exchange.whenGone(() => this.#batcher.withdraw(job));
    return timeout === undefined ? job.outputs : this.#within(job, timeout);
  }

  /** A run that has begun goes on; nobody waits for it. */
  async #within(job: Job, milliseconds: number): Promise<Tensor[]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#batcher.withdraw(job);
        reject(new Failure(504, `There was no answer in the ${milliseconds} ms that the client waits.`));
      }, milliseconds);
    });
    return Promise.race([job.outputs, late]).finally(() => clearTimeout(timer));
  }

  /** From now on it says that it is not ready; it still predicts. */
  announceStop(): void {
    this.#stopping = true;
  }

  stop(): void {
    this.#worker.stop();
  }
}
