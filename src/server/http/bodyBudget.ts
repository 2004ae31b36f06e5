import { comeAgain, Failure } from '../failure';

/** How much of bodies may be in memory: of one, of all that are not answered yet, and of all answers that are not sent yet. */
export class BodyBudget {
  #held = 0;
  #unsent = 0;

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

  /**
   * Holds an answer until it is sent. Throws `Failure` 503 when others have used up the room; the one that does so still fits in, as
   * one that is longer than all the room must go out too. Apart from requests: clients that do not read shut nobody out who asks for little.
   */
  holdAnswer(bytes: number): void {
    if (this.#unsent >= this.totalBytes) {
      throw comeAgain(
        `Too many long requests at once: their answers have more than ${this.totalBytes} bytes that were not read yet.`,
      );
    }
    this.#unsent += bytes;
  }

  releaseAnswer(bytes: number): void {
    this.#unsent -= bytes;
  }
}
