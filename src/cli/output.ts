import { UserError, isCancellation, messageOf } from '../core/errors';
import { stringifyJson } from '../core/inference/jsonText';
import type { JsonValue } from '../core/inference/tensor';
import type { Logger } from '../core/logger';
import type { TaskContext } from '../core/task';

/** Where a command says what it does: progress for people on standard error, its result on standard output. */
export class Output {
  #last = '';

  constructor(
    private readonly json: boolean,
    private readonly out: NodeJS.WritableStream = process.stdout,
    private readonly err: NodeJS.WritableStream = process.stderr,
  ) {}

  /** A line of progress. The same line is not said twice in a row. */
  readonly progress = (line: string): void => {
    if (line === this.#last) return;
    this.#last = line;
    this.err.write(`${line}\n`);
  };

  /** The result: one JSON document, or words. */
  result(document: unknown, words: string): void {
    this.out.write(this.json ? `${stringifyJson(document as JsonValue)}\n` : words && `${words}\n`);
  }

  failure(error: unknown): void {
    if (this.json) this.out.write(`${JSON.stringify({ error: described(error) })}\n`);
    const { message, next } = described(error);
    this.err.write(`${[message, next].filter(Boolean).join('\n')}\n`);
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
}

function described(error: unknown): { code: string; message: string; next?: string } {
  if (error instanceof UserError) return { code: error.code, message: error.message, next: error.next };
  if (isCancellation(error)) return { code: 'cancelled', message: 'Cancelled.' };
  return { code: 'unexpected', message: `Slipway ran into an unexpected problem: ${messageOf(error)}` };
}

/** What the shell is told. */
export function exitCodeOf(error: unknown): number {
  if (isCancellation(error)) return 130;
  if (!(error instanceof UserError)) return 1;
  return error.code === 'verify-failed' || error.code === 'canary-failed' ? 3 : 1;
}
