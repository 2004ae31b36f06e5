import type { Families } from '../parse';
import type { Reader, Reading } from '../reading';
import { otherServers } from './otherServers';
import { slipway } from './slipway';

/** In the order in which they are asked; the first that knows the metrics wins. */
const readers: readonly Reader[] = [slipway, ...otherServers];

/** What the metrics of a model server say; undefined when they are of a server that nothing here knows. */
export function readMetrics(families: Families): Reading | undefined {
  for (const reader of readers) {
    const reading = reader.read(families);
    if (reading) return reading;
  }
  return undefined;
}
