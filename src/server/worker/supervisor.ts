import { setTimeout as sleep } from 'node:timers/promises';
import { comeAgain, Failure } from '../failure';
import type { Described, OutgoingTensor, SessionOptions, Usage } from './frames';
import type { Launch } from './launch';
import { WorkerLink } from './workerLink';
import type { RunOptions, RunResult, WorkerLimits } from './workerLink';

export interface SupervisorOptions {
  launch: Launch;
  model: string;
  limits: WorkerLimits;
  session: SessionOptions;
  /** What the model is run with before it is said to be ready, so that the first client does not wait for what a first run sets up. */
  warmUp?: OutgoingTensor[];
  log: (message: string) => void;
}

const firstDelay = 250;
const longestDelay = 30_000;
/** Requests wait through a pause up to this, in milliseconds, when the worker ended in a run: that may be the fault of a few of them. */
const longestWait = 1000;
/** A first run that takes longer is given up: values that nobody has sent may take a model to places where it never comes back. */
const warmUpSeconds = 2;
/** Of the latest run, in what runs take here. */
const weight = 0.05;

/** Keeps a worker with the model loaded: starts another one when it ends, at first at once, then more and more slowly. */
export class Supervisor {
  /** How often a worker was started in place of one that ended. */
  restarts = 0;
  /** Called when a worker is ready for a run. */
  onReady: () => void = () => undefined;
  /** Called when a worker has ended and none will follow soon. */
  onDown: (failure: Failure) => void = () => undefined;
  #link: WorkerLink | undefined;
  #ready = false;
  #pausing: Failure | undefined;
  #down: Failure | undefined;
  #described: Described | undefined;
  /** Lives that ended without one good run in between. */
  #failures = 0;
  /** How long the latest load and, since then, runs take, in milliseconds. */
  #loading = 0;
  #usualRun: number | undefined;
  readonly #stopped = new AbortController();

  #warmUpInputs: OutgoingTensor[] | undefined;

  constructor(private readonly options: SupervisorOptions) {
    this.#warmUpInputs = options.warmUp;
  }

  /** Whether a worker has the model loaded. */
  get ready(): boolean {
    return this.#ready && this.#link?.alive === true;
  }

  /** Whether it can make wide runs. */
  get hasWide(): boolean {
    return this.#link?.hasWide ?? false;
  }

  /** Why requests are refused for now; undefined while they are served or will be in a moment. */
  get down(): Failure | undefined {
    return this.#down;
  }

  /** Why no worker runs, and none is started at once. */
  get pausing(): Failure | undefined {
    return this.#pausing;
  }

  /**
   * How long a run may last, in milliseconds, before another worker serves those who wait sooner than this one: ten times what runs take here and a
   * second, and what it takes to load the model again. Infinity until this worker has shown what runs take: a first one may set things up for long.
   */
  get patience(): number {
    return this.#usualRun === undefined ? Infinity : 10 * this.#usualRun + 1000 + this.#loading;
  }

  /** What the worker said about the model when it loaded it. */
  get described(): Described | undefined {
    return this.#described;
  }

  get usage(): Usage | undefined {
    return this.#link?.usage;
  }

  /** Resolves when the first worker has loaded the model; rejects with the reason when it can not. */
  async start(): Promise<void> {
    await this.#begin();
  }

  async run(inputs: OutgoingTensor[], options?: Pick<RunOptions, 'wide'>): Promise<RunResult> {
    if (!this.#link) throw comeAgain('The model is not loaded.');
    const result = await this.#link.run(inputs, options);
    this.#failures = 0;
    this.#usualRun = result.milliseconds * weight + (this.#usualRun ?? result.milliseconds) * (1 - weight);
    return result;
  }

  /** Ends a run that nobody waits for any more, and the worker with it. */
  giveUp(): void {
    this.#link?.end(new Failure(503, 'A run that nobody waited for any more was stopped, as others wait.'));
  }

  stop(): void {
    this.#stopped.abort();
    this.#link?.end(comeAgain('The server is stopping.'));
  }

  async #begin(): Promise<void> {
    const { launch, limits, model, session } = this.options;
    const began = performance.now();
    const link = new WorkerLink(launch(), limits);
    this.#link = link;
    this.#usualRun = undefined;
    try {
      this.#described = await link.load(model, session);
    } catch (error) {
      link.end(error as Failure);
      throw error;
    }
    if (!(await this.#warmUp(link))) return this.#begin();
    this.#loading = performance.now() - began;
    this.#ready = true;
    this.#pausing = this.#down = undefined;
    void link.ended.then((failure) => this.#replace(failure));
    this.onReady();
  }

  /** Whether the worker is still there after its first run, of each kind; whether that went well is of no matter. It is tried with one worker only. */
  async #warmUp(link: WorkerLink): Promise<boolean> {
    const inputs = this.#warmUpInputs;
    this.#warmUpInputs = undefined;
    const seconds = Math.min(warmUpSeconds, this.options.limits.runSeconds);
    for (const wide of link.hasWide ? [false, true] : [false]) {
      if (inputs) await link.run(inputs, { wide, seconds }).catch(() => undefined);
    }
    return link.alive || this.#stopped.signal.aborted;
  }

  async #replace(failure: Failure): Promise<void> {
    this.#ready = false;
    let loads = true;
    for (let reason = failure; !this.#stopped.signal.aborted;) {
      this.options.log(reason.message);
      const delay = this.#failures === 0 ? 0 : Math.min(longestDelay, firstDelay * 2 ** (this.#failures - 1));
      this.#failures++;
      this.restarts++;
      try {
        if (delay > 0) await this.#pause(reason, delay, loads && delay <= longestWait);
        return await this.#begin();
      } catch (error) {
        reason = error as Failure;
        loads = false;
      }
    }
  }

  async #pause(reason: Failure, delay: number, brief: boolean): Promise<void> {
    this.#pausing = comeAgain(
      `The model is not loaded: ${reason.message} It is started again in ${delay / 1000} s.`,
    );
    if (!brief) {
      this.#down = this.#pausing;
      this.onDown(this.#down);
    }
    await sleep(delay, undefined, { signal: this.#stopped.signal });
  }
}
