import { Counter, Gauge, Registry } from 'prom-client';
import type { BatchObserver } from './batching/batcher';
import { Histogram } from './histogram';
import type { Route } from './http/router';
import type { Usage } from './worker/frames';

/** What is asked for when somebody reads the metrics, instead of being kept up to date. */
export interface MetricSources {
  queueLength: () => number;
  restarts: () => number;
  workerUsage: () => Usage | undefined;
  /** What runs the model; empty until that is known. */
  platform: () => string;
  /** What is known of values, as Prometheus reads it. */
  values: () => string;
}

export interface ModelLabels {
  model: string;
  version: string;
  hash: string;
}

const secondBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const rowBounds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 1024];

const started = Date.now() / 1000 - process.uptime();

const frontUsage = {
  resident: () => process.memoryUsage.rss(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  },
  started: () => started,
};

/** The server's own metrics, in Prometheus' form. */
export class ServerMetrics implements BatchObserver {
  readonly #registry = new Registry();
  /** Counted apart from the registry, which takes labels apart each time. From 0, so that the first request is a rise. */
  readonly #counts = new Map<Route, Map<number, number>>([
    ['infer', new Map([[200, 0]])],
    ['predict', new Map([[200, 0]])],
  ]);
  readonly #duration = new Histogram({
    name: 'slipway_request_duration_seconds',
    help: 'Time from the request line to the answer.',
    label: 'route',
    bounds: secondBounds,
  });
  #inFlight = 0;
  readonly #phases = new Histogram({
    name: 'slipway_phase_duration_seconds',
    help: 'Time that reading a request takes (preprocess), that it waits for its run (queue), that a run takes (predict), and writing the answer (postprocess).',
    label: 'phase',
    bounds: secondBounds,
  });
  readonly #rows = new Histogram({ name: 'slipway_batch_rows', help: 'Rows in a run.', bounds: rowBounds });
  readonly #bytes = { request: 0, response: 0 };

  constructor(
    private readonly sources: MetricSources,
    labels: ModelLabels,
  ) {
    const registers = [this.#registry];
    const counts = this.#counts;
    new Counter({
      name: 'slipway_requests_total',
      help: 'Requests that were answered, refused ones too; status 499 stands for clients that left first.',
      labelNames: ['route', 'status'],
      registers,
      collect() {
        this.reset();
        for (const [route, byStatus] of counts)
          for (const [status, count] of byStatus) this.inc({ route, status }, count);
      },
    });
    this.#sampled(
      Counter,
      'slipway_request_bytes_total',
      'Bytes of bodies that were read.',
      () => this.#bytes.request,
    );
    this.#sampled(
      Counter,
      'slipway_response_bytes_total',
      'Bytes of bodies that were sent.',
      () => this.#bytes.response,
    );
    this.#sampled(
      Gauge,
      'slipway_requests_in_flight',
      'Requests without an answer yet.',
      () => this.#inFlight,
    );
    this.#sampled(Gauge, 'slipway_queue_length', 'Requests that wait for a run.', sources.queueLength);
    this.#sampled(
      Counter,
      'slipway_worker_restarts_total',
      'Times that a worker process was started in place of one that ended.',
      sources.restarts,
    );
    const worker = (): Partial<Usage> => sources.workerUsage() ?? {};
    this.#sampled(
      Gauge,
      'slipway_worker_memory_bytes',
      'Resident memory of the worker process.',
      () => worker().rss,
    );
    this.#sampled(
      Counter,
      'slipway_worker_cpu_seconds_total',
      'Processor time of the worker process that runs now.',
      () => worker().cpuSeconds,
    );
    const { resident, cpu, started } = frontUsage;
    this.#sampled(Gauge, 'process_resident_memory_bytes', 'Resident memory of the front process.', resident);
    this.#sampled(Counter, 'process_cpu_seconds_total', 'Processor time of the front process.', cpu);
    this.#sampled(
      Gauge,
      'process_start_time_seconds',
      'When the front process started, as Unix time.',
      started,
    );
    new Gauge({
      name: 'slipway_model_info',
      help: 'The model that is served; always 1.',
      labelNames: ['model', 'version', 'platform', 'hash'],
      registers,
      collect() {
        this.reset();
        const { model, version, hash } = labels;
        this.set({ model, version, platform: sources.platform(), hash }, 1);
      },
    });
  }

  /** A metric whose value is read when it is asked for; undefined counts as 0. */
  #sampled(
    Type: typeof Gauge | typeof Counter,
    name: string,
    help: string,
    read: () => number | undefined,
  ): void {
    new Type({
      name,
      help,
      registers: [this.#registry],
      collect(this: Gauge | Counter) {
        this.reset();
        this.inc(read() ?? 0);
      },
    });
  }

  started(): void {
    this.#inFlight++;
  }

  ended(route: Route, status: number, seconds: number): void {
    this.#inFlight--;
    let byStatus = this.#counts.get(route);
    if (!byStatus) this.#counts.set(route, (byStatus = new Map<number, number>()));
    byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
    this.#duration.observe(seconds, route);
  }

  ran(rows: number, seconds: number): void {
    this.#rows.observe(rows);
    this.#phases.observe(seconds, 'predict');
  }

  /** A request was read, or its answer was written. */
  coded(phase: 'preprocess' | 'postprocess', seconds: number): void {
    this.#phases.observe(seconds, phase);
  }

  moved(request: number, response: number): void {
    this.#bytes.request += request;
    this.#bytes.response += response;
  }

  waited(seconds: number): void {
    this.#phases.observe(seconds, 'queue');
  }

  /** Everything as text, with its content type. */
  async expose(): Promise<{ text: string; contentType: string }> {
    const histograms = [this.#duration, this.#phases, this.#rows].map((histogram) => histogram.text());
    const text = [await this.#registry.metrics(), ...histograms, this.sources.values()].join('');
    return { text, contentType: this.#registry.contentType };
  }
}
