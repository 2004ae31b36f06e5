import type { LatencyKind } from './fields';
import type { History, Point } from './history';
import { histogramQuantile } from './quantile';
import { increaseBetween, sameBounds, type Increase, type ReadingAt } from './rates';
import { untold, type Durations, type Reading } from './reading';

/** Over how many seconds quantiles and error shares are taken: few requests in one second make no p99. */
export const windowSeconds = 10;

/** Turns readings of one endpoint into the values of its {@link History}. */
export class Recorder {
  #before: (ReadingAt & { second: number }) | undefined;
  #window: { second: number; increase: Increase }[] = [];

  constructor(private readonly history: History) {}

  /**
   * Takes a reading of the scrape that was due in `second`. Where the ones before were skipped because this one took long,
   * it stands for them too.
   * @returns the first second that was written
   */
  add(second: number, at: ReadingAt): number {
    const before = this.#before;
    const increase = before && increaseBetween(before, at);
    this.#before = { ...at, second };
    this.#window = this.#window.filter((entry) => entry.second > second - windowSeconds);
    if (!increase) this.#window = [];
    else this.#window.push({ second, increase });
    const from = before && increase ? Math.min(before.second + 1, second) : second;
    this.history.fill(from, second, this.#point(at.reading, increase));
    return from;
  }

  /** A scrape failed: what happened until the next one can not be told. */
  miss(): void {
    this.#before = undefined;
    this.#window = [];
  }

  #point(reading: Reading, increase: Increase | undefined): Point {
    const point: Point = {
      values: {
        inFlight: reading.inFlight,
        memory: sum(reading.memory),
        memoryWorker: reading.memory.get('worker'),
      },
      statuses: new Map(),
    };
    for (const [quantile, value] of reading.quantiles ?? []) {
      if (quantile === 0.5) point.values.p50 = value;
      if (quantile === 0.95) point.values.p95 = value;
      if (quantile === 0.99) point.values.p99 = value;
    }
    if (!increase) return point;
    const { requests, cpu, seconds } = increase;
    const worker = cpu.get('worker');
    const cpuTotal = sum(cpu);
    point.values.requestRate = (sum(requests) ?? 0) / seconds;
    if (cpuTotal !== undefined) point.values.cpu = cpuTotal / seconds;
    if (worker !== undefined) point.values.cpuWorker = worker / seconds;
    this.#addLatency(point);
    this.#addErrors(point);
    return point;
  }

  #addLatency({ values }: Point): void {
    const durations = mergeDurations(this.#window.flatMap(({ increase }) => increase.durations ?? []));
    if (!durations || durations.count <= 0) return;
    values.mean = durations.sum / durations.count;
    if (!durations.bounds.length) return;
    values.p50 = histogramQuantile(0.5, durations);
    values.p95 = histogramQuantile(0.95, durations);
    values.p99 = histogramQuantile(0.99, durations);
  }

  #addErrors(point: Point): void {
    const counts = new Map<string, number>();
    for (const { increase } of this.#window) {
      for (const [status, count] of increase.requests) counts.set(status, (counts.get(status) ?? 0) + count);
    }
    const requests = sum(counts) ?? 0;
    if (!requests || counts.has(untold)) return;
    const share = (wanted: (status: string) => boolean) =>
      [...counts].reduce((all, [status, count]) => (wanted(status) ? all + count : all), 0) / requests;
    point.values.errors = share(isError);
    if ([...counts.keys()].some((status) => /^\d/.test(status))) {
      point.values.errors4xx = share((status) => status.startsWith('4'));
      point.values.errors5xx = share((status) => status.startsWith('5'));
    }
    point.statuses = new Map(
      [...counts].filter(([status]) => isError(status)).map(([status, count]) => [status, count / requests]),
    );
  }
}

/** How much can be said about the latency of such an endpoint. */
export function latencyKind({ durations, quantiles }: Reading): LatencyKind | undefined {
  if (durations?.bounds.length) return 'histogram';
  if (quantiles?.size) return 'quantiles';
  return durations && 'mean';
}

function isError(status: string): boolean {
  return /^[45]\d\d$/.test(status) || !(/^\d+$/.test(status) || status === 'ok');
}

function sum(values: ReadonlyMap<string, number>): number | undefined {
  if (!values.size) return undefined;
  let all = 0;
  for (const value of values.values()) all += value;
  return all;
}

/** The sum of histograms with the buckets of the last one; others are left out. */
function mergeDurations(all: Durations[]): Durations | undefined {
  const last = all.at(-1);
  if (!last) return undefined;
  const alike = all.filter((durations) => sameBounds(durations, last));
  return {
    bounds: last.bounds,
    counts: last.counts.map((_, index) =>
      alike.reduce((count, { counts }) => count + (counts[index] ?? 0), 0),
    ),
    sum: alike.reduce((seconds, durations) => seconds + durations.sum, 0),
    count: alike.reduce((count, durations) => count + durations.count, 0),
  };
}
