import { setTimeout as sleep } from 'node:timers/promises';
import { UserError, isCancellation } from '../errors';
import { histogramQuantile } from '../metrics/quantile';
import { increaseBetween, type Increase, type ReadingAt } from '../metrics/rates';
import { readMetrics } from '../metrics/readers';
import { scrape } from '../metrics/scrape';
import type { Release, Target } from '../target/target';
import type { TaskContext } from '../task';

/** How a candidate gets its traffic in steps, and what takes it back. */
export interface CanaryOptions {
  /** Percent of the traffic, ascending, each above 0 and below 100. */
  steps: number[];
  /** How long each step is watched, in seconds. */
  watchSeconds: number;
  /** The share of requests that may fail with a status of 5xx: 0.01 is one in a hundred. */
  maxErrorRate: number;
  /** How many times as long as with the release before 95 of 100 requests may take. */
  maxSlower: number;
}

/** What one side of a canary answered in a step. */
interface Evidence {
  requests: number;
  errors: number;
  /** Latency in seconds below which 95 % of the requests were; NaN without any. */
  p95: number;
}

const POLL_MS = 1_000;
/** Fewer requests prove nothing. */
const ENOUGH = 20;
/** A difference that nobody notices is no reason to go back, in seconds. */
const UNNOTICED = 0.005;
/** How many times in a row a server may not answer. */
const PATIENCE = 5;
/** For how much of the time before it a reading vouches, in milliseconds: beyond, the machine slept or the candidate hung. */
const LONGEST_WATCHED = 2 * POLL_MS;

/**
 * Gives a candidate its traffic in steps, and holds its errors and latency against those of the release that serves. Resolves to what was
 * seen, in words.
 * @throws UserError `canary-failed` with the evidence; the candidate still has its part of the traffic then
 */
export async function runCanary(
  target: Target,
  candidate: Release,
  serving: Release,
  options: CanaryOptions,
  task: TaskContext,
): Promise<string> {
  const seen: string[] = [];
  for (const percent of options.steps) {
    task.report(`Giving it ${percent} % of the traffic`);
    const shared = await target.setTraffic?.(candidate, percent, task);
    // Where numbers of servers divide it, another part may come of that.
    const part = shared?.traffic || percent;
    task.report(`${part} % of the traffic for ${options.watchSeconds} s`);
    const watched = { candidate: shared ?? candidate, serving };
    const asked = part === percent ? '' : ` (${percent} % were asked for)`;
    seen.push(`${part} %${asked}: ${await watch(watched, options, task)}`);
  }
  return seen.join('; ');
}

async function watch(
  releases: { candidate: Release; serving: Release },
  options: CanaryOptions,
  task: TaskContext,
): Promise<string> {
  const candidate = new Watched(releases.candidate);
  const serving = new Watched(releases.serving);
  for (;;) {
    await Promise.all([candidate.read(task.signal), serving.read(task.signal)]);
    const [tried, usual] = [candidate.evidence(), serving.evidence()];
    const why = candidate.silent ? 'it does not answer any more' : complaint(tried, usual, options);
    if (why) {
      throw new UserError(
        'canary-failed',
        `Revision ${releases.candidate.revision} of ${releases.candidate.model.name} did not stand its trial: ${why}.`,
        'Look at its log and metrics, correct the model, then deploy again.',
      );
    }
    const left = options.watchSeconds * 1000 - candidate.watched;
    if (left <= 0) return words(tried);
    await sleep(candidate.failing ? POLL_MS : Math.min(POLL_MS, left), undefined, { signal: task.signal });
  }
}

/** What speaks against the candidate; undefined when nothing does. */
export function complaint(
  tried: Evidence,
  usual: Evidence,
  { maxErrorRate, maxSlower }: Pick<CanaryOptions, 'maxErrorRate' | 'maxSlower'>,
): string | undefined {
  if (tried.requests < ENOUGH) return undefined;
  const [rate, usualRate] = [tried.errors / tried.requests, usual.errors / Math.max(1, usual.requests)];
  if (rate > maxErrorRate && rate > usualRate) {
    return `${tried.errors} of ${tried.requests} requests failed (${percentOf(rate)}; ${percentOf(maxErrorRate)} may, ${percentOf(usualRate)} fail with the release before)`;
  }
  if (usual.requests >= ENOUGH && tried.p95 > usual.p95 * maxSlower + UNNOTICED) {
    return `95 % of its answers took up to ${milliseconds(tried.p95)}, with the release before ${milliseconds(usual.p95)} (${maxSlower} times as long is allowed)`;
  }
  return undefined;
}

/** A release whose metrics are read again and again. */
class Watched {
  readonly #increases: Increase[] = [];
  #last: ReadingAt | undefined;
  /** When it answered last, in milliseconds of a clock that only goes forward. */
  #answered: number | undefined;
  #watched = 0;
  #failures = 0;

  constructor(private readonly release: Release) {}

  /** For how long its answers vouch, in milliseconds. */
  get watched(): number {
    return this.#watched;
  }

  get failing(): boolean {
    return this.#failures > 0;
  }

  get silent(): boolean {
    return this.#failures >= PATIENCE;
  }

  async read(signal: AbortSignal): Promise<void> {
    try {
      const { wall, steady, families } = await scrape(this.release.url ?? '', signal);
      const reading = readMetrics(families);
      this.#answer(steady);
      if (!reading) return;
      const now = { reading, wall, steady };
      // What failed while the candidate hung speaks against it most.
      const between = this.#last && increaseBetween(this.#last, now, Infinity);
      if (between) this.#increases.push(between);
      this.#last = now;
    } catch (error) {
      if (isCancellation(error, signal)) throw error;
      this.#failures++;
    }
  }

  #answer(steady: number): void {
    this.#failures = 0;
    this.#watched += Math.min(LONGEST_WATCHED, steady - (this.#answered ?? steady));
    this.#answered = steady;
  }

  evidence(): Evidence {
    let [requests, errors] = [0, 0];
    for (const increase of this.#increases) {
      for (const [status, count] of increase.requests) {
        requests += count;
        if (status.startsWith('5')) errors += count;
      }
    }
    const all = this.#increases.flatMap(({ durations }) => (durations ? [durations] : []));
    const bounds = all[0]?.bounds ?? [];
    const counts = bounds.map((_, index) => all.reduce((sum, each) => sum + (each.counts[index] ?? 0), 0));
    return { requests, errors, p95: histogramQuantile(0.95, { bounds, counts }) };
  }
}

function words({ requests, errors, p95 }: Evidence): string {
  if (requests === 0) return 'no requests came';
  return `${requests} requests, ${errors} failed, p95 ${milliseconds(p95)}`;
}

function milliseconds(seconds: number): string {
  return Number.isNaN(seconds) ? 'unknown' : `${(seconds * 1000).toPrecision(2)} ms`;
}

function percentOf(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}
