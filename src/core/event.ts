import type { Disposable } from './dispose';

/** Has the shape of VS Code's `Event`, so that the editor can pass one on as it is. */
export type Event<T> = (listener: (value: T) => unknown) => Disposable;

/** The one who fires an {@link Event}. */
export class Emitter<T> implements Disposable {
  readonly #listeners = new Set<(value: T) => unknown>();

  readonly event: Event<T> = (listener) => {
    // A wrapper of its own, so that one function can listen twice.
    const entry = (value: T) => listener(value);
    this.#listeners.add(entry);
    return { dispose: () => void this.#listeners.delete(entry) };
  };

  fire(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }

  dispose(): void {
    this.#listeners.clear();
  }
}
