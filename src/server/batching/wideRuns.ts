/** Of the latest run, in what a row takes the way that most runs go. */
const weight = 0.1;
/** So often the slower way is tried again: it may have become the faster one. */
const trialEvery = 200;

/**
 * Whether a run that has the machine to itself should be wide, which is on all of its cores: as far as the latest runs of each kind say that
 * this is faster. For short runs it may never be, and where others use the machine, or the system moves its cores about, not at all times.
 */
export class WideRuns {
  /** Milliseconds for a row; 0 while that way was never gone, so that each is once. */
  readonly #times = { narrow: 0, wide: 0 };
  #runs = 0;

  /** Whether the next run is to be wide. */
  next(): boolean {
    const isTrial = ++this.#runs % trialEvery === 0;
    return isTrial ? !this.#isFaster : this.#isFaster;
  }

  observe(isWide: boolean, rows: number, milliseconds: number): void {
    const way = isWide ? 'wide' : 'narrow';
    const time = milliseconds / Math.max(1, rows);
    const known = this.#times[way];
    const isUsual = known > 0 && isWide === this.#isFaster;
    this.#times[way] = isUsual ? known + (time - known) * weight : time;
  }

  get #isFaster(): boolean {
    return this.#times.wide <= this.#times.narrow;
  }
}
