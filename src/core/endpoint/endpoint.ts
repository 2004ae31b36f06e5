import type { Event } from '../event';
import type { TaskContext } from '../task';

export type EngineKind = 'container' | 'process';

export type Health =
  /** Started, does not predict yet. */
  | 'starting'
  /** `/v2/health/ready` says so. */
  | 'ready'
  /** Runs, but is not ready any more; `detail` says why. */
  | 'unhealthy'
  | 'stopped';

/** A running (or stopped) model server on this machine, as its engine knows it. */
export interface Endpoint {
  /** Unique over all engines: `container:4f1c…` or `process:8123`. */
  id: string;
  engine: EngineKind;
  model: ServedModel;
  /** `http://127.0.0.1:49153`; absent while stopped. */
  url?: string;
  health: Health;
  /** Why it is not healthy, in a sentence. */
  detail?: string;
  created: Date;
}

export interface ServedModel {
  /** The name under which the server serves it. */
  name: string;
  /** The file it was made from, absolute. It may be gone since. */
  path: string;
  /** SHA-256 of the file, hexadecimal. */
  hash: string;
  /** Further arguments of its server. */
  serverArguments?: string[];
}

/** A place where endpoints run. Methods throw `UserError`. */
export interface EndpointEngine {
  readonly kind: EngineKind;
  /** Fires when an endpoint of this engine may have come, changed or gone. */
  readonly onChange: Event<void>;
  /** Resolves when the engine can be used; throws a `UserError` that says why it can not. */
  check(signal: AbortSignal): Promise<void>;
  /** All of them, found from what runs: also those started by another window. */
  list(signal: AbortSignal): Promise<Endpoint[]>;
  /** Starts a server for a model and resolves when it predicts. When that fails or is cancelled, nothing is left. */
  serve(model: ServedModel, task: TaskContext): Promise<Endpoint>;
  stop(endpoint: Endpoint, task: TaskContext): Promise<void>;
  restart(endpoint: Endpoint, task: TaskContext): Promise<void>;
  remove(endpoint: Endpoint, task: TaskContext): Promise<void>;
  /** What the server has written so far and, until `signal` aborts or it ends, what it writes. */
  logs(endpoint: Endpoint, signal: AbortSignal): AsyncIterable<string>;
  dispose(): void;
}
