import { Ledger } from './ledger';
import { contradictions, series, Tally } from './tally';

/** What is known of a request before it is sent. */
export interface Entry {
  route: string;
  /** Bytes that the server reads for it; undefined where that can not be told. */
  held?: number;
  /** Rows that it has the model run with; absent where it does not come to that. */
  rows?: number;
}

/** The server looks at so many rows of a request, at most, when it sums up values. */
const mostSummedUp = 1024;
/** More than a request is read for, or than an answer is long. */
const plenty = 32 * 2 ** 20;

/** The books of one server: what was sent to it and came back, for a comparison with everything that it counted. */
export class Books {
  readonly ledger = new Ledger();
  readonly #tally = new Tally();

  /** @param values the series that counts rows that were answered, where the model's input has features */
  constructor(private readonly values?: string) {}

  /**
   * A request was answered with this status.
   * @param bytes length of the answer's body; undefined where it could not be read
   * @param whole whether the server must have read all of the request
   */
  answered({ route, held, rows }: Entry, status: number, bytes: number | undefined, whole: boolean): void {
    const tally = this.#tally;
    this.ledger.add(route, status);
    if (held !== undefined && whole) tally.add(series.received, held);
    else tally.perhaps(series.received, plenty);
    if (bytes === undefined) tally.perhaps(series.sent, plenty);
    else tally.add(series.sent, bytes);
    if (rows === undefined) return;
    if (whole) tally.add(series.read, 1);
    else tally.perhaps(series.read, 1);
    if (status === 200 || status === 500) tally.add(series.waited, 1);
    else tally.perhaps(series.waited, 1);
    if (status === 504) tally.perhaps(series.rows, rows);
    if (status !== 200) return;
    tally.add(series.written, 1);
    tally.add(series.rows, rows);
    if (this.values) tally.add(this.values, Math.min(rows, mostSummedUp));
  }

  /** A client left before its request was complete. */
  left({ route, held = plenty }: Entry): void {
    this.ledger.add(route, 499);
    this.#tally.perhaps(series.received, held);
  }

  /** A client left after its request was complete: it may have been answered, or not. */
  leftOpen({ route, held = plenty, rows = 0 }: Entry): void {
    this.ledger.addOpen(route);
    this.#tally.perhaps(series.received, held);
    this.#tally.perhaps(series.sent, plenty);
    for (const each of [series.read, series.waited, series.written]) this.#tally.perhaps(each, 1);
    this.#tally.perhaps(series.rows, rows);
    if (this.values) this.#tally.perhaps(this.values, Math.min(rows, mostSummedUp));
  }

  /** The worker was killed. */
  killed(): void {
    this.#tally.add(series.restarts, 1);
  }

  /** A request may have had its worker ended. */
  mayHaveEnded(): void {
    this.#tally.perhaps(series.restarts, 1);
  }

  /** Where `/metrics` say something else, in words. */
  differences(metrics: string): string[] {
    return [
      ...this.ledger.differences(metrics),
      ...this.#tally.differences(metrics),
      ...contradictions(metrics),
    ];
  }
}
