import { comeAgain, Failure } from '../failure';

/** How much of bodies may be in memory: of one, and of all that are not answered yet. */
export class BodyBudget {
  #held = 0;

  constructor(
    readonly longestBytes: number,
    private readonly totalBytes = 4 * longestBytes,
  ) {}

  /** Throws `Failure` 413 when a body of this length is too long. */
  check(length: number): void {
    if (length > this.longestBytes) {
      throw new Failure(413, `The body is longer than the limit of ${this.longestBytes} bytes.`);
    }
  }

  /** Throws `Failure` 503 when there is no room for so many more bytes; else they are held until they are released. */
  hold(bytes: number): void {
    if (this.#held + bytes > this.totalBytes) {
      throw comeAgain(
        `Too many long requests at once: their bodies have more than ${this.totalBytes} bytes.`,
      );
    }
    this.#held += bytes;
  }

  release(bytes: number): void {
    this.#held -= bytes;
  }
}
