import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { BatchObserver } from './batching/batcher';
import type { Route } from './http/router';
import type { Usage } from './worker/frames';

/** What is asked for when somebody reads the metrics, instead of being kept up to date. */
export interface MetricSources {
  queueLength(): number;
  restarts(): number;
  workerUsage(): Usage | undefined;
}

export interface ModelLabels {
  model: string;
  version: string;
  platform: string;
  hash: string;
}

const secondBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const rowBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256, 1024];

/** The server's own metrics, in Prometheus' form. */
export class ServerMetrics implements BatchObserver {
  readonly #registry = new Registry();
  readonly #requests: Counter<'route' | 'status'>;
  readonly #duration: Histogram<'route'>;
  readonly #inFlight: Gauge;
  readonly #phases: Histogram<'phase'>;
  readonly #rows: Histogram;

  constructor(sources: MetricSources, labels: ModelLabels) {
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: 'slipway_requests_total',
      help: 'Requests that were answered, refused ones too; status 499 stands for clients that left first.',
      labelNames: ['route', 'status'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'slipway_request_duration_seconds',
      help: 'Time from the request line to the answer.',
      labelNames: ['route'],
      buckets: secondBuckets,
      registers,
    });
    this.#inFlight = new Gauge({
      name: 'slipway_requests_in_flight',
      help: 'Requests without an answer yet.',
      registers,
    });
    this.#phases = new Histogram({
      name: 'slipway_phase_duration_seconds',
      help: 'Time that a request waits for its run (queue), and that a run takes (predict).',
      labelNames: ['phase'],
      buckets: secondBuckets,
      registers,
    });
    this.#rows = new Histogram({
      name: 'slipway_batch_rows',
      help: 'Rows in a run.',
      buckets: rowBuckets,
      registers,
    });
    new Gauge({
      name: 'slipway_queue_length',
      help: 'Requests that wait for a run.',
      registers,
      collect() {
        this.set(sources.queueLength());
      },
    });
    new Counter({
      name: 'slipway_worker_restarts_total',
      help: 'Times that the worker process was started in place of one that ended.',
      registers,
      collect() {
        this.reset();
        this.inc(sources.restarts());
      },
    });
    new Gauge({
      name: 'slipway_worker_memory_bytes',
      help: 'Resident memory of the worker process.',
      registers,
      collect() {
        this.set(sources.workerUsage()?.rss ?? 0);
      },
    });
    new Counter({
      name: 'slipway_worker_cpu_seconds_total',
      help: 'Processor time of the worker process that runs now.',
      registers,
      collect() {
        this.reset();
        this.inc(sources.workerUsage()?.cpuSeconds ?? 0);
      },
    });
    new Gauge({
      name: 'slipway_model_info',
      help: 'The model that is served; always 1.',
      labelNames: ['model', 'version', 'platform', 'hash'],
      registers,
    }).set({ ...labels }, 1);
    collectDefaultMetrics({ register: this.#registry });
  }

  started(): void {
    this.#inFlight.inc();
  }

  ended(route: Route, status: number, seconds: number): void {
    this.#inFlight.dec();
    this.#requests.inc({ route, status });
    this.#duration.observe({ route }, seconds);
  }

  ran(rows: number, seconds: number): void {
    this.#rows.observe(rows);
    this.#phases.observe({ phase: 'predict' }, seconds);
  }

  waited(seconds: number): void {
    this.#phases.observe({ phase: 'queue' }, seconds);
  }

  /** Everything as text, with its content type. */
  async expose(): Promise<{ text: string; contentType: string }> {
    return { text: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }
}
