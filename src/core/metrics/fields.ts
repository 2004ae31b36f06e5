/**
 * What is kept of an endpoint, a value each second.
 * Rates are per second, latencies in seconds, errors a share from 0 to 1, CPU in cores, memory in bytes.
 */
export const fields = [
  'requestRate',
  'p50',
  'p95',
  'p99',
  'mean',
  'errors',
  'errors4xx',
  'errors5xx',
  'inFlight',
  'cpu',
  'cpuWorker',
  'memory',
  'memoryWorker',
] as const;

export type Field = (typeof fields)[number];

/** A piece of an endpoint's history: one value for each second from `from` on, NaN where there is none. */
export interface Block {
  /** Seconds since 1970. */
  from: number;
  length: number;
  fields: Record<Field, Float32Array>;
  /** Share of the requests that ended with this status, for each status that is an error. */
  statuses: Record<string, Float32Array>;
}

/**
 * Where latencies come from: a histogram gives quantiles over the last seconds, `quantiles` are the server's own over
 * its own time, and with `mean` there is no more than the mean.
 */
export type LatencyKind = 'histogram' | 'quantiles' | 'mean';

/** Whether an endpoint answers, and since when. */
export interface SourceState {
  state: 'waiting' | 'live' | 'gone';
  /** Milliseconds since 1970. */
  since: number;
  /** Why it is gone, in a sentence. */
  detail?: string;
  /** The kind of model server, such as `Slipway`; undefined until it has answered. */
  server?: string;
  latency?: LatencyKind;
  /** What a person must know to read the values, in a sentence. */
  note?: string;
}
