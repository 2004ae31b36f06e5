import { fields, type Block, type Field } from './fields';

/** No server answers with more; what comes on top is not kept. */
const mostStatuses = 20;

/** The values of one second. */
export interface Point {
  values: Partial<Record<Field, number>>;
  /** Share of the requests by status that is an error. */
  statuses: ReadonlyMap<string, number>;
}

/** The last hour of one endpoint, second by second, in rings of four bytes a value. */
export class History {
  readonly #rings = new Map<Field, Float32Array>();
  readonly #statuses = new Map<string, Float32Array>();
  #first: number | undefined;
  #last: number | undefined;

  constructor(readonly capacity = 3600) {
    for (const field of fields) this.#rings.set(field, this.#ring());
  }

  /** The newest second that there is a place for. */
  get last(): number | undefined {
    return this.#last;
  }

  /** The oldest second that is kept. */
  get first(): number | undefined {
    if (this.#first === undefined || this.#last === undefined) return undefined;
    return Math.max(this.#first, this.#last - this.capacity + 1);
  }

  /** Makes place up to this second; what is skipped is a gap. When the clock was set back, what lies ahead of it is dropped. */
  advance(second: number): void {
    if (this.#last !== undefined && second <= this.#last) {
      for (let ahead = second; ahead <= this.#last; ahead++) this.#clear(ahead);
      if ((this.#first ?? second) > second) this.#first = second;
    } else {
      const from = Math.max((this.#last ?? second - 1) + 1, second - this.capacity + 1);
      for (let skipped = from; skipped <= second; skipped++) this.#clear(skipped);
      this.#first ??= second;
    }
    this.#last = second;
  }

  /** Sets the values of every second from `from` to `to`. Seconds that are not kept are left out. */
  fill(from: number, to: number, { values, statuses }: Point): void {
    if (this.first === undefined || this.#last === undefined) return;
    for (let second = Math.max(from, this.first); second <= Math.min(to, this.#last); second++) {
      const slot = this.#slot(second);
      for (const [field, ring] of this.#rings) ring[slot] = values[field] ?? NaN;
      for (const status of statuses.keys()) {
        if (!this.#statuses.has(status) && this.#statuses.size < mostStatuses) {
          this.#statuses.set(status, this.#ring());
        }
      }
      const unknown = values.errors === undefined ? NaN : 0;
      for (const [status, ring] of this.#statuses) ring[slot] = statuses.get(status) ?? unknown;
    }
  }

  /** A copy of what is kept from this second on. */
  block(from = 0): Block {
    const start = Math.max(from, this.first ?? 0);
    const length = this.#last === undefined ? 0 : Math.max(0, this.#last - start + 1);
    const copy = (ring: Float32Array) =>
      Float32Array.from({ length }, (_, index) => ring[this.#slot(start + index)] ?? NaN);
    return {
      from: start,
      length,
      fields: Object.fromEntries(
        [...this.#rings].map(([field, ring]) => [field, copy(ring)]),
      ) as Block['fields'],
      statuses: Object.fromEntries([...this.#statuses].map(([status, ring]) => [status, copy(ring)])),
    };
  }

  #ring(): Float32Array {
    return new Float32Array(this.capacity).fill(NaN);
  }

  #slot(second: number): number {
    return ((second % this.capacity) + this.capacity) % this.capacity;
  }

  #clear(second: number): void {
    const slot = this.#slot(second);
    for (const ring of this.#rings.values()) ring[slot] = NaN;
    for (const ring of this.#statuses.values()) ring[slot] = NaN;
  }
}
