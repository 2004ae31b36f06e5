import { ChildController } from '../childController';
import { unlessAborted } from '../unlessAborted';

/** How long an engine may take for an answer that costs it nothing, in milliseconds. */
const patience = 10_000;

/**
 * Asks an engine something that it answers at once when it is well; rejects with a `TimeoutError` when it does not, also where what is asked
 * does not heed its signal.
 */
export async function inTime<T>(
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Promise<T>,
  milliseconds = patience,
): Promise<T> {
  const limit = new ChildController(signal, milliseconds);
  try {
    signal.throwIfAborted();
    return await unlessAborted(ask(limit.signal), limit.signal);
  } catch (error) {
    throw limit.signal.aborted ? limit.signal.reason : error;
  } finally {
    limit.dispose();
  }
}
