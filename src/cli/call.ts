import type { Output } from './output';
import type { CliSettings } from './settings';
import type { Workspace } from './workspace';

/** Something is wrong with how a command was called; its help is shown beside. */
export class UsageError extends Error {}

/** What follows a command on the line. */
export interface Values {
  target?: string;
  note?: string;
  sample?: string;
  inputs?: string;
  url?: string;
  junit?: string;
  out?: string;
  format?: string;
  port?: string;
  host?: string;
  anyway: boolean;
  loadAnyway: boolean;
  container: boolean;
  process: boolean;
}

/** One call of a command, with all that it works with. */
export interface Call {
  workspace: Workspace;
  settings: CliSettings;
  output: Output;
  /** Aborts with Ctrl+C, and when nobody reads what is printed any more. */
  signal: AbortSignal;
  /** What stands after the command, without its options. */
  given: string[];
  values: Values;
}

/** The one model that a command is given. Throws `UsageError` for none, and for more. */
export function onlyModel(given: string[]): string {
  const [model, ...more] = given;
  if (model !== undefined && more.length === 0) return model;
  throw new UsageError('Name one model.');
}
