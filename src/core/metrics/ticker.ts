import type { Disposable } from '../dispose';

/**
 * Calls back at each whole second of the clock. A late call does not move the ones after it, and calls that were due meanwhile
 * (a busy or sleeping machine) are left out.
 */
export class Ticker implements Disposable {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly onTick: (second: number) => void,
    private readonly milliseconds = 1000,
  ) {
    this.#schedule();
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    this.#timer = setTimeout(
      () => {
        this.#schedule();
        this.onTick(Math.round(Date.now() / this.milliseconds));
      },
      millisecondsToNext(Date.now(), this.milliseconds),
    );
  }
}

/** How long to wait for the next multiple of `step`. One that is very near is the one that a timer just fired for too early. */
export function millisecondsToNext(now: number, step: number): number {
  const wait = step - (now % step);
  return wait < step / 4 ? wait + step : wait;
}
