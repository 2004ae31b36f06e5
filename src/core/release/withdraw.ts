import { UserError, isCancellation, messageOf } from '../errors';
import type { Release, Target } from '../target/target';
import type { TaskContext } from '../task';
import { releaseWords } from './releaseId';
import { tailOf } from './tailOf';
import { VerifyError } from './verify';

/** How long cleaning up after a failed deploy may take, in milliseconds. It can not be cancelled. */
const CLEANUP_MS = 60_000;
const LOG_LINES = 20;

/** Takes the candidate of a failed deploy out of the way. Resolves to the error to throw: with its log, and with what is left. */
export async function withdraw(
  target: Target,
  candidate: Release,
  error: unknown,
  shared: boolean,
  task: TaskContext,
): Promise<unknown> {
  const cancelled = isCancellation(error, task.signal);
  // A server that answered with other values than expected has nothing to add.
  const brokeDown =
    error instanceof VerifyError
      ? !error.results.some((result) => result.pass === false)
      : error instanceof UserError && error.code === 'canary-failed';
  let log: string[] = [];
  const signal = AbortSignal.timeout(CLEANUP_MS);
  const reason = cancelled ? 'The deploy was cancelled.' : messageOf(error);
  task.report(`Removing ${releaseWords(candidate)}`);
  try {
    const cleanup = { signal, report: (message: string) => task.report(message) };
    if (shared) await target.setTraffic?.(candidate, 0, cleanup);
    if (brokeDown) log = await tailOf((until) => target.logs(candidate, until), LOG_LINES);
    await target.fail(candidate, reason, cleanup);
  } catch (leftover) {
    return new UserError(
      error instanceof UserError ? error.code : 'engine-refused',
      `${reason}\nLeft behind is ${releaseWords(candidate)}: ${messageOf(leftover)}`,
      `Look at ${candidate.target}, and remove it there.`,
      { cause: error },
    );
  }
  if (!(error instanceof UserError) || log.length === 0) return error;
  const told = [error.message, `The last lines of its log:`, ...log].join('\n');
  return new UserError(error.code, told, error.next, { cause: error });
}
