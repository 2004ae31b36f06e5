import { ChildController } from '../childController';
import { DisposableStore, type Disposable } from '../dispose';
import { UserError, isCancellation, messageOf } from '../errors';
import { Emitter } from '../event';
import type { Logger } from '../logger';
import type { TaskContext } from '../task';
import { unlessAborted } from '../unlessAborted';
import type { Endpoint, EndpointEngine, EngineKind, ServedModel } from './endpoint';

/** How often health is asked for while somebody watches, in milliseconds. */
const pollPause = 5000;
/** How long an engine may take to list its endpoints, in milliseconds. */
const patience = 10_000;

/** All endpoints of all engines, as they were when somebody looked last. */
export class EndpointStore implements Disposable {
  readonly #changed = new Emitter<void>();
  /** Fires when {@link list} answers something else than before. */
  readonly onChange = this.#changed.event;
  readonly #engines: EndpointEngine[];
  readonly #found = new Map<EngineKind, Endpoint[]>();
  readonly #problems = new Map<EngineKind, UserError>();
  readonly #disposed = new AbortController();
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #watchers = 0;
  #watching: DisposableStore | undefined;

  constructor(
    engines: EndpointEngine[],
    private readonly log: Logger,
  ) {
    this.#engines = engines;
  }

  /** The newest first. */
  list(): Endpoint[] {
    const all = [...this.#found.values()].flat();
    return all.sort((a, b) => b.created.getTime() - a.created.getTime() || a.id.localeCompare(b.id));
  }

  /** Why the endpoints of an engine are not known; undefined when they are. */
  problem(engine: EngineKind): UserError | undefined {
    return this.#problems.get(engine);
  }

  /** Looks at all engines anew. Calls that come while it looks share the one look that follows. `signal` ends the waiting only. */
  async refresh(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const look = this.#running ? (this.#next ??= this.#running.then(() => this.#begin())) : this.#begin();
    await (signal ? unlessAborted(look, signal) : look);
  }

  /** Keeps the list up to date until it is disposed of: by what the engines tell, and by asking for health every few seconds. */
  watch(): Disposable {
    this.#watchers++;
    this.#watching ??= this.#startWatching();
    let watching = true;
    return {
      dispose: () => {
        if (watching && --this.#watchers === 0) {
          this.#watching?.dispose();
          this.#watching = undefined;
        }
        watching = false;
      },
    };
  }

  /** Serves a model with the engine of the setting. `auto` is the container engine where one answers, else the process engine. */
  async serve(engineSetting: 'auto' | EngineKind, model: ServedModel, task: TaskContext): Promise<Endpoint> {
    const engine = engineSetting === 'auto' ? await this.#choose(model, task) : this.#engine(engineSetting);
    await engine.check(task.signal);
    return this.#change(() => engine.serve(model, task));
  }

  stop(endpoint: Endpoint, task: TaskContext): Promise<void> {
    return this.#change(() => this.#engine(endpoint.engine).stop(endpoint, task));
  }

  restart(endpoint: Endpoint, task: TaskContext): Promise<void> {
    return this.#change(() => this.#engine(endpoint.engine).restart(endpoint, task));
  }

  remove(endpoint: Endpoint, task: TaskContext): Promise<void> {
    return this.#change(() => this.#engine(endpoint.engine).remove(endpoint, task));
  }

  /** What the server has written so far, in pieces of text, and, until `signal` aborts or it ends, what it writes. */
  logs(endpoint: Endpoint, signal: AbortSignal): AsyncIterable<string> {
    return this.#engine(endpoint.engine).logs(endpoint, signal);
  }

  dispose(): void {
    this.#disposed.abort();
    this.#watching?.dispose();
    for (const engine of this.#engines) engine.dispose();
    this.#changed.dispose();
  }

  async #choose(model: ServedModel, task: TaskContext): Promise<EndpointEngine> {
    const container = this.#engine('container');
    try {
      await container.check(task.signal);
      this.log.info(`Serving ${model.name} in a container: a Docker engine answers`);
      return container;
    } catch (error) {
      task.signal.throwIfAborted();
      this.log.info(`Serving ${model.name} as a process: ${messageOf(error)}`);
      task.report(`No Docker engine to use: serving ${model.name} as a process`);
      return this.#engine('process');
    }
  }

  #engine(kind: EngineKind): EndpointEngine {
    const engine = this.#engines.find((each) => each.kind === kind);
    if (engine) return engine;
    throw new UserError(
      'engine-unreachable',
      `There is no ${kind} engine here.`,
      'Choose another engine to serve with.',
    );
  }

  /** Does something that changes the list, also where it fails. */
  async #change<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      await this.refresh();
    }
  }

  #begin(): Promise<void> {
    this.#next = undefined;
    const look = this.#look().finally(() => {
      if (this.#running === look) this.#running = undefined;
    });
    return (this.#running = look);
  }

  /** Never rejects: what can not be known is a problem of the engine. */
  async #look(): Promise<void> {
    const before = this.#snapshot();
    await Promise.all(this.#engines.map((engine) => this.#lookAt(engine)));
    if (!this.#disposed.signal.aborted && this.#snapshot() !== before) this.#changed.fire();
  }

  async #lookAt(engine: EndpointEngine): Promise<void> {
    const limit = new ChildController(this.#disposed.signal, patience);
    try {
      this.#found.set(engine.kind, await engine.list(limit.signal));
      this.#problems.delete(engine.kind);
    } catch (error) {
      if (this.#disposed.signal.aborted) return;
      const problem = asProblem(error, engine.kind, limit.signal);
      if (this.#problems.get(engine.kind)?.message !== problem.message) this.log.debug(problem.message);
      this.#found.delete(engine.kind);
      this.#problems.set(engine.kind, problem);
    } finally {
      limit.dispose();
    }
  }

  #snapshot(): string {
    const problems = [...this.#problems].map(([kind, { message }]) => [kind, message]);
    return JSON.stringify([this.list(), problems]);
  }

  #startWatching(): DisposableStore {
    const store = new DisposableStore();
    const look = () => void this.refresh();
    for (const engine of this.#engines) store.add(engine.onChange(look));
    const timer = setInterval(() => {
      if (!this.#running) look();
    }, pollPause);
    timer.unref();
    store.add({ dispose: () => clearInterval(timer) });
    look();
    return store;
  }
}

function asProblem(error: unknown, kind: EngineKind, signal: AbortSignal): UserError {
  if (error instanceof UserError) return error;
  const why = isCancellation(error, signal) ? 'it does not answer in time' : messageOf(error);
  return new UserError(
    'engine-unreachable',
    `The endpoints of the ${kind} engine are not known: ${why}.`,
    'Refresh the endpoints, or look at the log.',
  );
}
