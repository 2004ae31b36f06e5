import type { Tensor } from '../core/inference/tensor';
import type { Signature } from '../core/model/signature';
import type { Backend } from './backend';
import { Batcher } from './batching/batcher';
import { haveRows } from './batching/rows';
import { within, type Deadline } from './deadline';
import { comeAgain, Failure } from './failure';
import type { Exchange } from './http/exchange';
import { ServerMetrics } from './metrics';
import type { ModelService } from './modelService';
import type { ServerOptions } from './options';
import { checkSupported } from './supported';
import type { Described, Usage } from './worker/frames';
import { ValueSummaries } from './summaries';
import { Supervisor } from './worker/supervisor';

const mebibyte = 2 ** 20;

/** A model with the worker that runs it, the queue before it, and what is measured about it. */
export class ModelHost implements ModelService {
  readonly name: string;
  readonly version: string;
  /** Longest body that is read, in bytes. */
  readonly maxBodyBytes: number;
  readonly metrics: ServerMetrics;
  readonly #workers: Supervisor[];
  #described: Described | undefined;
  #batcher: Batcher | undefined;
  #values: ValueSummaries | undefined;
  #stopping = false;

  constructor(
    { launch, model, known, warmUp }: Backend,
    private readonly options: ServerOptions,
    private readonly log: (message: string) => void,
  ) {
    this.name = options.name;
    this.version = options.version;
    this.maxBodyBytes = Math.round(options.maxBodyMib * mebibyte);
    const supervised = {
      launch,
      model,
      warmUp,
      limits: {
        runSeconds: options.runTimeoutSeconds,
        loadSeconds: options.loadTimeoutSeconds,
        memoryBytes: options.workerMemoryMib * mebibyte,
        outputBytes: this.maxBodyBytes,
      },
      session: {
        ...(options.threads > 0 && { intraOpThreads: options.threads }),
        ...(options.graphOptimization && { graphOptimization: options.graphOptimization }),
        ...(options.executionProviders && { executionProviders: options.executionProviders }),
        ...(!options.fastForest && { fastForest: false }),
        ...(!options.network && { network: false as const }),
        ...(options.signature && { signature: options.signature }),
      },
      log,
    };
    const { wide } = options;
    const first = { ...supervised, session: { ...supervised.session, ...(wide && { wide }) } };
    this.#workers = Array.from(
      { length: options.instances },
      (_, index) => new Supervisor(index === 0 ? first : supervised),
    );
    this.metrics = new ServerMetrics(
      {
        queueLength: () => this.#batcher?.queueLength ?? 0,
        restarts: () => this.#workers.reduce((sum, { restarts }) => sum + restarts, 0),
        workerUsage: () => sumOf(this.#workers.flatMap(({ usage }) => usage ?? [])),
        platform: () => this.#described?.platform ?? '',
        values: () => this.#values?.text() ?? '',
      },
      { model: this.name, version: this.version, hash: options.hash ?? '' },
    );
    if (known) this.#describe(known);
  }

  get signature(): Signature {
    return this.#known().signature;
  }

  get platform(): string {
    return this.#known().platform;
  }

  /** Resolves when the model is loaded; rejects with the reason when it can not be. */
  async start(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.start()));
    if (this.#described) return;
    const described = this.#workers[0]?.described;
    if (!described) throw new Failure(500, 'The worker does not say what the model takes.');
    checkSupported(described.signature);
    this.#describe(described);
  }

  notReady(): string | undefined {
    if (this.#stopping) return 'The server is stopping.';
    if (this.#described && this.#workers.some(({ ready }) => ready)) return undefined;
    return this.#workers.find(({ pausing }) => pausing)?.pausing?.message ?? loading;
  }

  async predict(inputs: Tensor[], exchange: Exchange, deadline?: Deadline): Promise<Tensor[]> {
    const batcher = this.#batcher;
    if (!batcher) throw comeAgain(loading);
    const job = batcher.submit(inputs);
    exchange.whenGone(() => batcher.withdraw(job));
    const outputs = await within(
      deadline,
      () => job.outputs,
      () => batcher.withdraw(job),
    );
    this.#values?.observe('input', inputs);
    this.#values?.observe('output', outputs);
    return outputs;
  }

  /** From now on it says that it is not ready; it still predicts. */
  announceStop(): void {
    this.#stopping = true;
  }

  stop(): void {
    for (const worker of this.#workers) worker.stop();
  }

  #known(): Described {
    if (this.#described) return this.#described;
    throw comeAgain(loading);
  }

  #describe(described: Described): void {
    const { maxQueue, maxBatch, runTimeoutSeconds } = this.options;
    const { inputs, outputs } = described.signature;
    const rows = haveRows(inputs);
    this.#described = described;
    const columns = inputs.map(({ name, columns: names = [] }) => [name, names] as const);
    this.#values = new ValueSummaries(new Map(columns));
    this.#batcher = new Batcher(
      this.#workers,
      {
        maxQueue,
        maxBatch,
        // Long enough for the run that is busy to break its limit, for another worker to start, and for another such run.
        queueSeconds: 2 * runTimeoutSeconds + 10,
        batchable: rows && haveRows(outputs) && (described.batchable ?? 'perhaps'),
        rows,
        log: this.log,
      },
      this.metrics,
    );
  }
}

const loading = 'The model is being loaded.';

function sumOf(usages: Usage[]): Usage | undefined {
  if (usages.length === 0) return undefined;
  return usages.reduce((sum, one) => ({
    rss: sum.rss + one.rss,
    cpuSeconds: sum.cpuSeconds + one.cpuSeconds,
  }));
}
