import { unlessAborted } from '../unlessAborted';

const queues = new Map<string, Promise<unknown>>();

/** Runs works of the same key one after the other: who comes second finds what the first has made. Who waits can be cancelled. */
export async function inTurn<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const before = queues.get(key) ?? Promise.resolve();
  const mine = before.then(() => {
    signal.throwIfAborted();
    return work();
  });
  const settled = mine.catch(() => undefined);
  queues.set(key, settled);
  void settled.then(() => {
    if (queues.get(key) === settled) queues.delete(key);
  });
  await unlessAborted(before, signal);
  return mine;
}
