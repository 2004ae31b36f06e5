export interface Disposable {
  dispose(): void;
}

/** Owns disposables and lets go of them in reverse order, once. What is added after that is disposed at once. */
export class DisposableStore implements Disposable {
  #owned: Disposable[] | undefined = [];

  add<T extends Disposable>(disposable: T): T {
    if (this.#owned) this.#owned.push(disposable);
    else disposable.dispose();
    return disposable;
  }

  dispose(): void {
    const owned = this.#owned ?? [];
    this.#owned = undefined;
    for (const disposable of owned.reverse()) disposable.dispose();
  }
}
