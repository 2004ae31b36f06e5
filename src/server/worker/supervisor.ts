import { setTimeout as sleep } from 'node:timers/promises';
import { comeAgain } from '../failure';
import type { Failure } from '../failure';
import type { Described, OutgoingTensor, SessionOptions, Usage } from './frames';
import type { Launch } from './launch';
import { WorkerLink } from './workerLink';
import type { RunResult, WorkerLimits } from './workerLink';

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
/** A first run that takes longer is given up: values that nobody has sent may take a model to places where it never comes back. */
const warmUpSeconds = 2;

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
  #down: Failure | undefined;
  #described: Described | undefined;
  /** Lives that ended without one good run in between. */
  #failures = 0;
  readonly #stopped = new AbortController();

  #warmUpInputs: OutgoingTensor[] | undefined;

  constructor(private readonly options: SupervisorOptions) {
    this.#warmUpInputs = options.warmUp;
  }

  /** Whether a worker has the model loaded. */
  get ready(): boolean {
    return this.#ready && this.#link?.alive === true;
  }

  /** Why requests are refused for now; undefined while they are served or will be in a moment. */
  get down(): Failure | undefined {
    return this.#down;
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

  async run(inputs: OutgoingTensor[]): Promise<RunResult> {
    if (!this.#link) throw comeAgain('The model is not loaded.');
    const result = await this.#link.run(inputs);
    this.#failures = 0;
    return result;
  }

  stop(): void {
    this.#stopped.abort();
    this.#link?.end(comeAgain('The server is stopping.'));
  }

  async #begin(): Promise<void> {
    const { launch, limits, model, session } = this.options;
    const link = new WorkerLink(launch(), limits);
    this.#link = link;
    try {
      this.#described = await link.load(model, session);
    } catch (error) {
      link.end(error as Failure);
      throw error;
    }
    if (!(await this.#warmUp(link))) return this.#begin();
    this.#ready = true;
    this.#down = undefined;
    void link.ended.then((failure) => this.#replace(failure));
    this.onReady();
  }

  /** Whether the worker is still there after its first run; whether that went well is of no matter. It is tried once. */
  async #warmUp(link: WorkerLink): Promise<boolean> {
    const inputs = this.#warmUpInputs;
    this.#warmUpInputs = undefined;
    if (inputs)
      await link.run(inputs, Math.min(warmUpSeconds, this.options.limits.runSeconds)).catch(() => undefined);
    return link.alive || this.#stopped.signal.aborted;
  }

  async #replace(failure: Failure): Promise<void> {
    this.#ready = false;
    for (let reason = failure; !this.#stopped.signal.aborted;) {
      this.options.log(reason.message);
      const delay = this.#failures === 0 ? 0 : Math.min(longestDelay, firstDelay * 2 ** (this.#failures - 1));
      this.#failures++;
      this.restarts++;
      try {
        if (delay > 0) await this.#pause(reason, delay);
        return await this.#begin();
      } catch (error) {
        reason = error as Failure;
      }
    }
  }

  async #pause(reason: Failure, delay: number): Promise<void> {
    this.#down = comeAgain(
      `The model is not loaded: ${reason.message} It is started again in ${delay / 1000} s.`,
    );
    this.onDown(this.#down);
    await sleep(delay, undefined, { signal: this.#stopped.signal });
  }
}
