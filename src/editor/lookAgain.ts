import { unlessAborted } from '../core/unlessAborted';
import { withLateProgress } from './sample/lateProgress';

/** Waits until targets have said what runs on them. One that does not answer takes seconds: then that is shown, and can be cancelled. */
export function lookAgain<T>(look: () => Promise<T>): Promise<T> {
  return withLateProgress('Asking what runs', ({ signal }) => unlessAborted(look(), signal));
}
