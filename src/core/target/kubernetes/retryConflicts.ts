import { apiStatusOf } from './clusterErrors';

/** How often a write is tried that somebody else's comes between. */
const TRIES = 10;

/** Reads and writes by versions: again where a status of 409 says that somebody else has changed what was read. */
export async function retryConflicts<T>(work: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await work();
    } catch (error) {
      if (apiStatusOf(error) !== 409 || tried === TRIES) throw error;
    }
  }
}
