import { findingsOf, type ModelDescription } from './describeModel';
import type { PickleFinding } from './pickle/pickleScan';

/** More than these are only counted. */
const mostTold = 3;

/**
 * Why somebody is to be asked before a model is loaded; empty where nobody has to be. As a process it may do all that the user may, so code
 * that it carries is a reason there.
 */
export function reasonsToAsk(description: ModelDescription, place: 'container' | 'process'): PickleFinding[] {
  const { findings, complete } = findingsOf(description);
  const grave = findings.filter(
    ({ level, code }) => level === 'danger' || (place === 'process' && code === 'carries-code'),
  );
  return grave.length > 0 || complete ? grave : findings;
}

/** The first of the reasons, a line each, and how many more there are. */
export function toldReasons(reasons: PickleFinding[]): string[] {
  const told = reasons.slice(0, mostTold).map(({ message }) => message);
  const more = reasons.length - told.length;
  return more > 0 ? [...told, `… and ${more} more`] : told;
}
