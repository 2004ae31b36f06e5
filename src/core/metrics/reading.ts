import type { Families } from './parse';

/** Counters of how long requests took, in seconds. */
export interface Durations {
  /** Upper bounds, ascending, the last +Inf; empty where the server has no histogram. */
  bounds: readonly number[];
  /** How many requests were at most that long, for each bound. */
  counts: readonly number[];
  sum: number;
  count: number;
}

/** The status of requests of which a server does not tell how they ended. */
export const untold = '';

/** What one scrape says, brought into one form for all servers. Counters count since the process started. */
export interface Reading {
  /** The kind of server that was recognised, such as `Slipway`. */
  server: string;
  /** When the process started, in milliseconds since 1970; undefined when it does not say. */
  started?: number;
  /** Requests so far by HTTP status; by `ok` and words for failures, or {@link untold}, where the server tells no more. */
  requests: ReadonlyMap<string, number>;
  durations?: Durations;
  /** Latencies in seconds that the server worked out by itself, by quantile. */
  quantiles?: ReadonlyMap<number, number>;
  inFlight?: number;
  /** Seconds of CPU by process: `front`, `worker`. */
  cpu: ReadonlyMap<string, number>;
  /** Bytes of memory by process. */
  memory: ReadonlyMap<string, number>;
  /** What a person must know to read the values, in a sentence. */
  note?: string;
}

/** Knows the metrics of one kind of server. */
export interface Reader {
  server: string;
  /** Undefined when the metrics are not of this kind of server. */
  read(families: Families): Reading | undefined;
}
