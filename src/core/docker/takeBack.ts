import { messageOf } from '../errors';
import type { TaskContext } from '../task';
import { inTime } from './inTime';

/** How long somebody who cancelled has to wait, in milliseconds. */
const patience = 2000;

/**
 * Removes what was begun, also after a cancel. It is no error where that fails or takes too long: then it is reported.
 * @param what as it precedes "could not be removed": `The name iris:1`
 */
export async function takeBack(
  what: string,
  remove: (signal: AbortSignal) => Promise<unknown>,
  task: TaskContext,
): Promise<void> {
  try {
    await inTime(new AbortController().signal, remove, task.signal.aborted ? patience : undefined);
  } catch (error) {
    task.report(`${what} could not be removed: ${messageOf(error)}`);
  }
}
