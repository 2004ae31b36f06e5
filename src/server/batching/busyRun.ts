import type { Runner } from './batcher';

/** A run that is busy. Where all who asked for it have left, it is ended once it has lasted too long for those who wait behind it. */
export class BusyRun {
  readonly #started = performance.now();
  #look: NodeJS.Timeout | undefined;

  constructor(
    private readonly worker: Runner,
    private readonly jobs: readonly { left: boolean }[],
  ) {}

  /** To be told when somebody has left, or has begun to wait. Asks `othersWait` when the time has come. */
  reconsider(othersWait: () => boolean): void {
    const { worker } = this;
    if (this.#look || !this.#deserted || !othersWait() || worker.patience === Infinity) return;
    const rest = worker.patience - (performance.now() - this.#started);
    this.#look = setTimeout(() => {
      this.#look = undefined;
      if (othersWait()) worker.giveUp();
    }, rest);
  }

  /** It has ended. */
  end(): void {
    clearTimeout(this.#look);
  }

  get #deserted(): boolean {
    return this.jobs.every(({ left }) => left);
  }
}
