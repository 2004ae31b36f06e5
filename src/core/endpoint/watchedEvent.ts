import type { Disposable } from '../dispose';
import { Emitter, type Event } from '../event';

/** An event that costs something to know about: the work for it is done only while somebody listens. */
export class WatchedEvent implements Disposable {
  readonly #emitter = new Emitter<void>();
  #listeners = 0;
  #working: AbortController | undefined;

  /** @param start Begins to call `fire`, until `signal` aborts. Called with the first listener, and again after the last has gone. */
  constructor(private readonly start: (fire: () => void, signal: AbortSignal) => void) {}

  readonly event: Event<void> = (listener) => {
    const entry = this.#emitter.event(listener);
    if (++this.#listeners === 1) this.restart();
    let listening = true;
    return {
      dispose: () => {
        entry.dispose();
        if (listening && --this.#listeners === 0) this.#working?.abort();
        listening = false;
      },
    };
  };

  fire(): void {
    this.#emitter.fire();
  }

  /** Begins anew if somebody listens. */
  restart(): void {
    this.#working?.abort();
    if (this.#listeners === 0) return;
    const { signal } = (this.#working = new AbortController());
    this.start(() => {
      if (!signal.aborted) this.#emitter.fire();
    }, signal);
  }

  dispose(): void {
    this.#working?.abort();
    this.#listeners = 0;
    this.#emitter.dispose();
  }
}
