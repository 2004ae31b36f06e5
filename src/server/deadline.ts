import { Failure } from './failure';
import { after } from './timer';

/** Until when a client waits for its answer. */
export interface Deadline {
  /** How long it waits in all, from the time its request arrived. */
  milliseconds: number;
  /** When that is over, by the clock of `performance.now()`. */
  end: number;
}

/** The outcome of `work`; rejects with `Failure` 504 when the client waits no longer, and tells `giveUp` that nobody does. */
export function within<T>(
  deadline: Deadline | undefined,
  work: Promise<T>,
  giveUp: (failure: Failure) => void,
): Promise<T> {
  if (!deadline) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const expire = () => {
      const failure = new Failure(
        504,
        `There was no answer in the ${deadline.milliseconds} ms that the client waits.`,
      );
      reject(failure);
      giveUp(failure);
    };
    const left = deadline.end - performance.now();
    if (left > 0) timer = after(left, expire);
    else expire();
  });
  return Promise.race([late, work]).finally(() => clearTimeout(timer));
}
