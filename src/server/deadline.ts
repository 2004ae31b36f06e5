import { Failure } from './failure';
import { after } from './timer';

/** Until when a client waits for its answer. */
export interface Deadline {
  /** How long it waits in all, from the time its request arrived. */
  milliseconds: number;
  /** When that is over, by the clock of `performance.now()`. */
  end: number;
}

/**
 * The outcome of what `begin` begins; rejects with `Failure` 504 when the client waits no longer, and tells `giveUp` that nobody does. For
 * one that has waited too long already, nothing is begun.
 */
export function within<T>(
  deadline: Deadline | undefined,
  begin: () => Promise<T>,
  giveUp: (failure: Failure) => void,
): Promise<T> {
  if (!deadline) return begin();
  const expire = (): Promise<never> => {
    const failure = new Failure(
      504,
      `There was no answer in the ${deadline.milliseconds} ms that the client waits.`,
    );
    giveUp(failure);
    return Promise.reject(failure);
  };
  const left = deadline.end - performance.now();
  if (left <= 0) return expire();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((resolve) => (timer = after(left, () => resolve(expire()))));
  return Promise.race([late, begin()]).finally(() => clearTimeout(timer));
}
