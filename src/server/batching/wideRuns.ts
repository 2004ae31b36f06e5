/** Of the latest run, in the time of the way that most runs go. */
const weight = 0.1;
/** After so many runs the other way is tried once: first soon, as one run alone says little, then twice as late each time, up to the last. */
const firstTrial = 4;
const lastTrial = 200;
/** So many wide runs may fail, one after the other. */
const mostFailures = 3;

/** Milliseconds for a run of about this size; 0 for a way that no run has gone yet, so that one does. */
interface Ways {
  narrow: number;
  wide: number;
  /** Runs until the next trial, and from that one to the next. */
  left: number;
  between: number;
}

/**
 * Whether a run that has the machine to itself should be wide, which is on all of its cores: as far as the latest runs of about its size say
 * that this is faster. For short runs it may never be, and where others use the machine, or the system moves its cores about, not at all times.
 */
export class WideRuns {
  /** By the size's power of two. */
  readonly #ways = new Map<number, Ways>();
  /** Wide runs that failed, one after the other. */
  #failures = 0;

  /** Whether the next run, of inputs with so many values, is to be wide. */
  next(values: number): boolean {
    if (this.#failures === mostFailures) return false;
    const ways = this.#waysOf(values);
    const isTrial = --ways.left === 0;
    if (isTrial) ways.left = ways.between = Math.min(2 * ways.between, lastTrial);
    return isTrial !== isWideFaster(ways);
  }

  observe(isWide: boolean, values: number, milliseconds: number): void {
    if (isWide) this.#failures = 0;
    const ways = this.#waysOf(values);
    const way = isWide ? 'wide' : 'narrow';
    const known = ways[way];
    const isUsual = known > 0 && isWide === isWideFaster(ways);
    // One that was held up for long is no reason to leave a way.
    ways[way] = isUsual ? known + (Math.min(milliseconds, 2 * known) - known) * weight : milliseconds;
  }

  /** A wide run needed more time or memory than there is. Whether it was the last one: one may be its request's fault. */
  fail(): boolean {
    return ++this.#failures === mostFailures;
  }

  #waysOf(values: number): Ways {
    const size = Math.ceil(Math.log2(1 + values));
    let ways = this.#ways.get(size);
    if (!ways) this.#ways.set(size, (ways = { narrow: 0, wide: 0, left: firstTrial, between: firstTrial }));
    return ways;
  }
}

function isWideFaster({ narrow, wide }: Ways): boolean {
  return wide <= narrow;
}
