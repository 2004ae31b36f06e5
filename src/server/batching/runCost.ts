/** What the sums keep of the runs before, with each run. */
const memory = 0.95;
/** Rows in company are worth a longer run while they take at least this share off what a row costs. */
const worthwhile = 0.1;

/**
 * How long runs take by their rows, as a straight line through the latest of them: what a run costs anyway, and what each row adds.
 * Where rows are most of it, as in models of images, company beyond a few rows makes everybody wait and helps nobody.
 */
export class RunCost {
  #weight = 0;
  #rows = 0;
  #squares = 0;
  #time = 0;
  #product = 0;
  #limit = 4;

  /** How many rows should run together. */
  get limit(): number {
    return this.#limit;
  }

  observe(rows: number, milliseconds: number): void {
    this.#weight = this.#weight * memory + 1;
    this.#rows = this.#rows * memory + rows;
    this.#squares = this.#squares * memory + rows * rows;
    this.#time = this.#time * memory + milliseconds;
    this.#product = this.#product * memory + rows * milliseconds;
    this.#limit = this.#worthwhileRows() ?? (rows >= this.#limit ? this.#limit * 2 : this.#limit);
  }

  /** Undefined while the runs were too much alike to tell. */
  #worthwhileRows(): number | undefined {
    const meanRows = this.#rows / this.#weight;
    const spread = this.#squares / this.#weight - meanRows ** 2;
    if (spread < 0.02 * meanRows ** 2) return undefined;
    const perRow = (this.#product / this.#weight - (meanRows * this.#time) / this.#weight) / spread;
    const perRun = this.#time / this.#weight - perRow * meanRows;
    if (perRow <= 0) return Infinity;
    return Math.max(2, Math.floor(perRun / perRow / worthwhile));
  }
}
