import { UserError, isCancellation, messageOf } from '../core/errors';
import { stringifyJson } from '../core/inference/jsonText';
import type { JsonValue } from '../core/inference/tensor';
import type { Logger } from '../core/logger';
import type { TaskContext } from '../core/task';
import { UsageError } from './call';
import { helpText, type Command } from './usage';
import { inVariables } from './variables';

/** Where a command says what it does: progress for people on standard error, its result on standard output. */
export class Output {
  #last = '';
  #printed = false;

  constructor(
    private readonly json: boolean,
    private readonly out: NodeJS.WritableStream = process.stdout,
    private readonly err: NodeJS.WritableStream = process.stderr,
  ) {}

  /** A line of progress. The same line is not said twice in a row. */
  readonly progress = (line: string): void => {
    if (line === this.#last) return;
    this.#last = line;
    this.err.write(`${inVariables(line)}\n`);
  };

  /** The result: one JSON document, or words. */
  result(document: unknown, words: string): void {
    if (this.json) this.#print(document);
    else if (words) this.out.write(`${words}\n`);
  }

  /**
   * What failed: words, and one JSON document unless the result stands there already.
   * @param command whose help is shown when it was called wrongly; that of all by default
   */
  failure(error: unknown, command?: Command): void {
    const told = described(error, command);
    if (this.json && !this.#printed) this.#print({ error: told });
    const next = error instanceof UsageError ? `\n${helpText(command).trimEnd()}` : told.next;
    this.err.write(`${[told.message, next].filter(Boolean).join('\n')}\n`);
  }

  task(signal: AbortSignal): TaskContext {
    return { signal, report: this.progress };
  }

  /** Warnings and errors only: the rest is for the editor's log. */
  get log(): Logger {
    const nothing = () => undefined;
    const say = (message: string | Error) => this.progress(messageOf(message));
    return { trace: nothing, debug: nothing, info: nothing, warn: say, error: say };
  }

  #print(document: unknown): void {
    this.#printed = true;
    this.out.write(`${stringifyJson(document as JsonValue)}\n`);
  }
}

/** An error as people and scripts are told it, in the words of the command line. */
export function described(
  error: unknown,
  command?: Command,
): { code: string; message: string; next?: string } {
  if (error instanceof UserError) {
    const { code, message, next } = error;
    return { code, message: inVariables(message), next: next && inVariables(next) };
  }
  if (error instanceof UsageError) {
    const next = `slipway ${command ? `${command} ` : ''}--help says how it is called.`;
    return { code: 'usage', message: error.message, next };
  }
  if (isCancellation(error)) return { code: 'cancelled', message: 'Cancelled.' };
  return { code: 'unexpected', message: `Slipway ran into an unexpected problem: ${messageOf(error)}` };
}

/** What the shell is told. */
export function exitCodeOf(error: unknown): number {
  if (isCancellation(error)) return 130;
  if (error instanceof UsageError) return 2;
  if (!(error instanceof UserError)) return 1;
  return error.code === 'verify-failed' || error.code === 'canary-failed' ? 3 : 1;
}
