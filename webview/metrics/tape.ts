import type { Block, Field } from '../../src/core/protocol/metrics';

const names: readonly Field[] = [
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
];

/** How old the last value may be to pass for the present one: a slow server does not answer each second. */
const presentSeconds = 5;

/** The last hour of one source, second by second; the last element of each array is `now`. */
export class Tape {
  readonly fields: Record<Field, Float32Array>;
  readonly statuses = new Map<string, Float32Array>();
  /** The first second that is held; there may be gaps after it. */
  #oldest: number;

  constructor(
    public now: number,
    readonly length = 3600,
  ) {
    this.#oldest = now;
    this.fields = Object.fromEntries(names.map((name) => [name, this.#empty()])) as Record<
      Field,
      Float32Array
    >;
  }

  /** Moves on to this second; what comes in is empty until it is written. Moving back drops what lies ahead. */
  advance(now: number): void {
    const seconds = now - this.now;
    this.now = now;
    for (const values of this.#all()) shift(values, seconds);
    this.#reach(this.#oldest);
  }

  /** Writes values over what there is; those outside of the hour are left out. */
  write({ from, length, fields, statuses }: Block): void {
    if (length) this.#reach(Math.min(this.#oldest, from));
    const start = this.#index(from);
    for (const name of names) put(this.fields[name], start, fields[name]);
    for (const [status, values] of Object.entries(statuses)) {
      let kept = this.statuses.get(status);
      if (!kept) this.statuses.set(status, (kept = this.#empty()));
      put(kept, start, values);
    }
  }

  /** Whether what is held begins at this second, or before it. */
  reaches(second: number): boolean {
    return second >= this.#oldest;
  }

  /** A view of the values from one second to another, both included. */
  slice(values: Float32Array, from: number, to: number): Float32Array {
    return values.subarray(Math.max(0, this.#index(from)), Math.max(0, this.#index(to) + 1));
  }

  /** The value at a second; NaN where there is none. */
  at(values: Float32Array, second: number): number {
    return values[this.#index(second)] ?? NaN;
  }

  /** The newest value that is still of the present. */
  latest(values: Float32Array, second: number): number {
    for (let age = 0; age < presentSeconds; age++) {
      const value = this.at(values, second - age);
      if (!Number.isNaN(value)) return value;
    }
    return NaN;
  }

  #reach(second: number): void {
    this.#oldest = Math.min(this.now, Math.max(second, this.now - this.length + 1));
  }

  #index(second: number): number {
    return this.length - 1 - (this.now - second);
  }

  #empty(): Float32Array {
    return new Float32Array(this.length).fill(NaN);
  }

  #all(): Float32Array[] {
    return [...Object.values(this.fields), ...this.statuses.values()];
  }
}

function shift(values: Float32Array, by: number): void {
  if (by > 0) {
    values.copyWithin(0, by);
    values.fill(NaN, Math.max(0, values.length - by));
  } else if (by < 0) {
    values.copyWithin(-by, 0);
    values.fill(NaN, 0, Math.min(-by, values.length));
  }
}

function put(values: Float32Array, start: number, block: Float32Array): void {
  const skipped = Math.max(0, -start);
  const end = Math.min(block.length, values.length - start);
  if (end > skipped) values.set(block.subarray(skipped, end), start + skipped);
}

/** Whether there is any value. */
export function hasValues(values: Float32Array): boolean {
  return values.some((value) => !Number.isNaN(value));
}

/** The highest value, 0 where there is none. */
export function highest(values: Float32Array): number {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  return most;
}
