import type { Durations, Reading } from './reading';

/** A reading and when it was taken. */
export interface ReadingAt {
  reading: Reading;
  /** Milliseconds since 1970: jumps when the clock is set or the machine has slept. */
  wall: number;
  /** Milliseconds of a clock that only goes forward. */
  steady: number;
}

/** What happened between two readings. */
export interface Increase {
  seconds: number;
  requests: ReadonlyMap<string, number>;
  durations?: Durations;
  cpu: ReadonlyMap<string, number>;
}

/** How far apart two readings may be for the time between them to be drawn; beyond, the machine slept or nobody watched. */
const longestMilliseconds = 10_000;

/** Servers round the time of their start to a second, or work it out anew each time. */
const startTolerance = 1000;

/**
 * By how much a counter grew. One that fell was reset, and then counted up to its value: never negative.
 * One that was not there before started at 0.
 */
export function increase(before: number | undefined, now: number): number {
  return before === undefined || now < before ? now : now - before;
}

/**
 * What happened from one reading to the next; undefined where that can not be told: where more than `longest` milliseconds lie between
 * them, or where another process answers that has counted since before.
 */
export function increaseBetween(
  before: ReadingAt,
  now: ReadingAt,
  longest = longestMilliseconds,
): Increase | undefined {
  const milliseconds = now.steady - before.steady;
  if (milliseconds <= 0 || milliseconds > longest) return undefined;
  if (Math.abs(now.wall - before.wall) > longest) return undefined;
  const restarted = isOther(before.reading.started, now.reading.started);
  if (restarted && (now.reading.started ?? 0) < before.wall - startTolerance) return undefined;
  const base = restarted ? undefined : before.reading;
  return {
    seconds: milliseconds / 1000,
    requests: increases(base?.requests, now.reading.requests),
    durations: increaseOfDurations(base?.durations, now.reading.durations),
    cpu: increases(base?.cpu, now.reading.cpu),
  };
}

/** Whether processes that started at these times, in milliseconds since 1970, are not the same. */
function isOther(before: number | undefined, now: number | undefined): boolean {
  if (before === undefined || now === undefined) return before !== now;
  return Math.abs(now - before) > startTolerance;
}

function increases(
  before: ReadonlyMap<string, number> | undefined,
  now: ReadonlyMap<string, number>,
): Map<string, number> {
  return new Map([...now].map(([key, value]) => [key, increase(before?.get(key), value)]));
}

function increaseOfDurations(
  before: Durations | undefined,
  now: Durations | undefined,
): Durations | undefined {
  if (!now) return undefined;
  // A histogram resets as a whole: its count tells, also where a single bucket has already passed its old value.
  const reset = !before || now.count < before.count || !sameBounds(before, now);
  if (reset) return now;
  return {
    bounds: now.bounds,
    counts: now.counts.map((count, index) => increase(before.counts[index], count)),
    sum: increase(before.sum, now.sum),
    count: now.count - before.count,
  };
}

/** Whether two histograms have the same buckets. */
export function sameBounds(a: Durations, b: Durations): boolean {
  return a.bounds.length === b.bounds.length && a.bounds.every((bound, index) => bound === b.bounds[index]);
}
