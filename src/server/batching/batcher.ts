import { messageOf } from '../../core/errors';
import { countOf } from '../../core/inference/datatypes';
import type { Tensor } from '../../core/inference/tensor';
import { comeAgain, Failure } from '../failure';
import type { Supervisor } from '../worker/supervisor';
import { BusyRun } from './busyRun';
import { haveSameRows, joinRows, rowsOf, splitRows } from './rows';
import { RunCost } from './runCost';
import { BatchTrial } from './trial';
import { WideRuns } from './wideRuns';

export interface BatcherOptions {
  /** Requests that may wait. */
  maxQueue: number;
  /** Requests that may run together; 1 for no batches. */
  maxBatch: number;
  /** How long a request may wait before it is refused. */
  queueSeconds: number;
  /** Whether requests may run together: `perhaps` when that has to be tried first. */
  batchable: boolean | 'perhaps';
  /** Whether the first dimension of the inputs is that of rows. */
  rows: boolean;
  log: (message: string) => void;
}

/** What the batcher tells about its work; called often. */
export interface BatchObserver {
  /** A run has ended: rows in it, and how long it took. */
  ran(rows: number, seconds: number): void;
  /** A request has run, and had waited so long for that. */
  waited(seconds: number): void;
}

/** A request on its way through the queue and a run. */
export interface Job {
  readonly inputs: Tensor[];
  /** 1 where the model's inputs have none. */
  readonly rows: number;
  readonly outputs: Promise<Tensor[]>;
}

interface QueuedJob extends Job {
  /** When it came, or came back from a run in company. */
  queued: number;
  /** How long it has waited before, in milliseconds. */
  waited: number;
  /** Whether it can only run alone: from the start, or since a run in company has failed. */
  alone: boolean;
  /** Whether nobody waits for it any more. */
  left: boolean;
  resolve: (outputs: Tensor[]) => void;
  reject: (failure: unknown) => void;
}

/** What runs requests, one run at a time. */
export type Runner = Pick<
  Supervisor,
  'ready' | 'down' | 'run' | 'hasWide' | 'patience' | 'giveUp' | 'onReady' | 'onDown'
>;

/** A worker, and the run that it is busy with. */
interface Slot {
  readonly worker: Runner;
  run: BusyRun | undefined;
}

/**
 * Hands requests to the workers, to each one run at a time. What arrives while all are busy goes into the next run together;
 * nothing ever waits for company. When a run of several fails, each of them runs again alone. A worker that is started again is waited for,
 * unless that takes long.
 */
export class Batcher {
  #queue: QueuedJob[] = [];
  readonly #slots: Slot[];
  #scheduled = false;
  readonly #trial: BatchTrial;
  readonly #cost = new RunCost();
  readonly #wideRuns = new WideRuns();
  /** Runs that have begun. */
  #begun = 0;

  constructor(
    workers: readonly Runner[],
    private readonly options: BatcherOptions,
    private readonly observer: BatchObserver,
  ) {
    this.#slots = workers.map((worker) => ({ worker, run: undefined }));
    this.#trial = new BatchTrial(options.maxBatch > 1 && options.batchable, options.log);
    for (const worker of workers) {
      worker.onReady = () => this.#schedule();
      worker.onDown = () => this.#down && this.#refuseAll(this.#down);
    }
  }

  get queueLength(): number {
    return this.#queue.length;
  }

  /** Why no worker takes requests; undefined while one does or soon will. */
  get #down(): Failure | undefined {
    return this.#slots.every(({ worker }) => worker.down) ? this.#slots[0]?.worker.down : undefined;
  }

  /** The first with a worker that has nothing to do. */
  get #idle(): Slot | undefined {
    return this.#slots.find(({ worker, run }) => worker.ready && !run);
  }

  /** Takes a request in. Throws `Failure` when there is no room, or no worker soon. */
  submit(inputs: Tensor[]): Job {
    if (this.#down) throw this.#down;
    if (this.#queue.length >= this.options.maxQueue) {
      throw comeAgain(`Too many requests are waiting: the queue holds ${this.options.maxQueue}.`);
    }
    let resolve!: QueuedJob['resolve'];
    let reject!: QueuedJob['reject'];
    const outputs = new Promise<Tensor[]>((...settle) => ([resolve, reject] = settle));
    const rows = this.options.rows ? rowsOf(inputs) : undefined;
    const alone = !rows || !this.#trial.possible;
    const job: QueuedJob = {
      inputs,
      rows: rows ?? 1,
      queued: performance.now(),
      waited: 0,
      alone,
      left: false,
      outputs,
      resolve,
      reject,
    };
    this.#queue.push(job);
    this.#schedule();
    this.#reconsider();
    return job;
  }

  /** Forgets a request that nobody waits for any more. One that runs already runs on, unless it holds others up; its outputs are dropped. */
  withdraw(job: Job): void {
    const queued = job as QueuedJob;
    queued.left = true;
    const index = this.#queue.indexOf(queued);
    if (index >= 0) this.#queue.splice(index, 1);
    this.#reconsider();
  }

  #reconsider(): void {
    for (const { run } of this.#slots) run?.reconsider(() => this.#queue.length > 0);
  }

  /** Starts the next run once everything that has arrived by now is read: that is one turn of the event loop, not a timer. */
  #schedule(): void {
    if (this.#scheduled || this.#slots.every(({ run }) => run)) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#next();
    });
  }

  #next(): void {
    for (let slot = this.#idle; slot; slot = this.#idle) {
      const jobs = this.#take();
      if (jobs.length === 0) return;
      void this.#serve(slot, jobs);
    }
  }

  /** The next request, and those that can run with it, out of the queue. */
  #take(): QueuedJob[] {
    const now = performance.now();
    const oldest = now - this.options.queueSeconds * 1000;
    const jobs: QueuedJob[] = [];
    const left: QueuedJob[] = [];
    let rows = 0;
    for (const job of this.#queue) {
      const [first] = jobs;
      if (job.queued < oldest) {
        job.reject(comeAgain(`The request waited longer than ${this.options.queueSeconds} s for its turn.`));
      } else if (
        !first ||
        (jobs.length < this.options.maxBatch && rows + job.rows <= this.#cost.limit && this.#fits(job, first))
      ) {
        jobs.push(job);
        rows += job.rows;
        job.waited += now - job.queued;
      } else {
        left.push(job);
      }
    }
    this.#queue = left;
    return jobs;
  }

  #fits(job: QueuedJob, first: QueuedJob): boolean {
    return this.#trial.possible && !job.alone && !first.alone && haveSameRows(job.inputs, first.inputs);
  }

  async #serve(slot: Slot, jobs: QueuedJob[]): Promise<void> {
    const { worker } = slot;
    slot.run = new BusyRun(worker, jobs);
    this.#begun++;
    const settle =
      jobs.length > 1 ? await this.#together(worker, jobs) : await this.#alone(worker, jobs[0] as QueuedJob);
    slot.run.end();
    slot.run = undefined;
    // The worker gets its next run before the answers of this one are written.
    this.#next();
    settle();
  }

  /** Runs several at once. When that does not work out, those that somebody waits for go back to the head of the queue, each to run alone. */
  async #together(worker: Runner, jobs: QueuedJob[]): Promise<() => void> {
    try {
      const [first, second] = jobs as [QueuedJob, QueuedJob];
      if (
        await this.#trial.passed(
          first,
          second,
          async (requests) => (await worker.run(joinRows(requests))).outputs,
        )
      ) {
        const answers = splitRows(
          await this.#run(worker, jobs),
          jobs.map(({ rows }) => rows),
        );
        if (answers) {
          this.#waited(jobs);
          return () => answers.forEach((outputs, index) => jobs[index]?.resolve(outputs));
        }
        this.#trial.fail('its outputs do not have the rows of its inputs');
      }
    } catch (error) {
      this.options.log(`A run of ${jobs.length} requests failed, so each runs alone: ${messageOf(error)}`);
    }
    const queued = performance.now();
    const again = jobs.filter(({ left }) => !left);
    for (const job of again) Object.assign(job, { alone: true, queued });
    this.#queue.unshift(...again);
    this.#waited(jobs.filter(({ left }) => left));
    return () => undefined;
  }

  async #alone(worker: Runner, job: QueuedJob): Promise<() => void> {
    try {
      const outputs = await this.#run(worker, [job]);
      return () => job.resolve(outputs);
    } catch (error) {
      return () => job.reject(error);
    } finally {
      this.#waited([job]);
    }
  }

  async #run(worker: Runner, jobs: QueuedJob[]): Promise<Tensor[]> {
    const begun = this.#begun;
    const [job] = jobs as [QueuedJob];
    const values = this.#isAlone(worker, jobs) ? valuesIn(job) : undefined;
    const wide = values !== undefined && this.#wideRuns.next(values);
    const { outputs, milliseconds } = await worker.run(joinRows(jobs), { wide }).catch((error: unknown) => {
      if (wide) this.#doubtWideRuns(error);
      throw error;
    });
    const rows = jobs.reduce((sum, job) => sum + job.rows, 0);
    const stayedAlone = values !== undefined && this.#begun === begun;
    if (stayedAlone) this.#wideRuns.observe(wide, values, milliseconds);
    if (!wide) this.#cost.observe(rows, milliseconds);
    this.observer.ran(rows, milliseconds / 1000);
    return outputs;
  }

  /** Whether a run has the machine to itself. One of several requests has not: others will come. */
  #isAlone(worker: Runner, jobs: QueuedJob[]): boolean {
    const waiting = jobs.length - 1 + this.#queue.length;
    return (
      worker.hasWide && waiting === 0 && this.#slots.every((slot) => slot.worker === worker || !slot.run)
    );
  }

  /** A failure of the model would be the same on one core; one for want of time or memory may not be. */
  #doubtWideRuns(error: unknown): void {
    if (!(error instanceof Failure) || ![504, 507].includes(error.status)) return;
    if (this.#wideRuns.fail())
      this.options.log(`There are no more runs on all cores, since they fail: ${messageOf(error)}`);
  }

  #waited(jobs: QueuedJob[]): void {
    for (const { waited } of jobs) this.observer.waited(waited / 1000);
  }

  #refuseAll(failure: Failure): void {
    for (const job of this.#queue.splice(0)) job.reject(failure);
  }
}

function valuesIn({ inputs }: Job): number {
  return inputs.reduce((sum, { shape }) => sum + countOf(shape), 0);
}
