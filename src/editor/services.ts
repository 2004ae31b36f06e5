import type * as vscode from 'vscode';
import type { Config } from '../core/config/config';
import type { EndpointStore } from '../core/endpoint/endpointStore';
import type { Predictor } from '../core/endpoint/predictor';
import type { Event } from '../core/event';
import type { Logger } from '../core/logger';
import type { ModelDescription } from '../core/model/describeModel';
import type { TargetStore } from '../core/release/targetStore';
import type { RunOptions, Work } from './progress';

/** A model file of the workspace. */
export interface Model {
  uri: vscode.Uri;
  /** The name it is served under. */
  name: string;
  /** Absent while `broken`. */
  description?: ModelDescription;
  /** Why the file can not be read as a model. */
  broken?: string;
  /** How `slipway.json` wants its server to run it. */
  serverArguments?: string[];
  /** Where its samples are or would be. */
  samples: vscode.Uri;
}

/** The model files of the workspace, kept up to date by file watching once somebody asks. */
export interface ModelStore {
  readonly onChange: Event<void>;
  /** Fires with all models whenever they were looked for. */
  readonly onList: Event<Model[]>;
  list(): Promise<Model[]>;
  /** The model at this file, also when it is not in the workspace's list. */
  get(uri: vscode.Uri): Promise<Model>;
  /** The model that an endpoint or a release was made of. Where that was on another machine, it is the one here with the same name. */
  madeOf(served: { name: string; path: string }): Promise<Model>;
  /** The model that a samples file is for; undefined when there is none. */
  ofSamples(samples: vscode.Uri): Promise<Model | undefined>;
  /** Forgets what is known; the next to ask looks again. */
  refresh(): void;
}

/** `slipway.json` of the workspace, as it is on disk. */
export interface ConfigStore {
  readonly onChange: Event<void>;
  /** Undefined when there is none. Throws `UserError` `config-invalid` when it has errors. */
  get(): Promise<Config | undefined>;
  /** Where it is or would be; undefined without a folder. */
  readonly uri: vscode.Uri | undefined;
}

/** What the parts of the editor work with; made once by the composition root. */
export interface Services {
  log: Logger;
  models: ModelStore;
  config: ConfigStore;
  endpoints: EndpointStore;
  targets: TargetStore;
  predictor: Predictor;
  /** Takes over `slipway.json` into `targets`. Throws `UserError` `config-invalid` when it has errors. */
  syncTargets: () => Promise<void>;
  /** Runs something long with a progress notification that can be cancelled; errors become words, a cancel is silent. */
  run<T>(title: string, work: Work<T>, options?: RunOptions<T>): Promise<T | undefined>;
  /** Shows any error as words with the button that helps. */
  showError(error: unknown): void;
  /** Asks before a pickle is loaded that may do harm. Throws `UserError` `untrusted` when it is not to be. */
  admit(path: string): Promise<void>;
  /** Throws a `UserError` unless the workspace is trusted: nothing runs before. */
  requireTrust(): void;
}
