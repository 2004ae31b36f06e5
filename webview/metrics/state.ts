import type { PageSource } from '../../src/core/protocol/metrics';
import type { View } from './cursor';
import { format, formatMoment, formatTime } from './format';
import type { ChartKind } from './kinds';
import type { Tape } from './tape';

/** Whether a source answers, in words. */
export function stateText({ state, since, detail, server }: PageSource): string {
  const time = formatTime(since / 1000);
  if (state === 'live') return `${server ?? 'Answers'}, live since ${time}`;
  if (state === 'waiting') return 'Waiting for the first answer';
  return `No answer since ${time}. ${detail ?? ''}`.trim();
}

/** The moment that is shown, and what it is where nobody points at one. */
export function momentText({ to, second, now, paused }: View): string {
  if (second !== undefined) return formatMoment(second, now);
  return `${formatMoment(to, now)} (${paused ? 'paused' : 'newest'})`;
}

/** What is known of a chart that may be empty. */
export interface Emptiness {
  /** Whether any of the time in view is still kept. */
  isKept: boolean;
  /** Whether the chart has any value in view. */
  hasValues: boolean;
  /** Whether the chart has any value in all of the hour. */
  hadValues: boolean;
  /** Whether there were requests in view. */
  hasTraffic: boolean;
  /** Whether there were requests in all of the hour. */
  hadTraffic: boolean;
}

/** What stands in a chart that shows no line, or only the one at 0 of an endpoint that nobody has asked yet. */
export function emptyText(
  { state }: PageSource,
  id: ChartKind['id'],
  { isKept, hasValues, hadValues, hasTraffic, hadTraffic }: Emptiness,
): string | undefined {
  if (!isKept) return 'This time is not kept any more. Resume to see the present.';
  if (id === 'rate' && state === 'live' && !hadTraffic) {
    return 'No requests yet. Send one with Predict on Endpoint or Copy as curl on the endpoint.';
  }
  if (hasValues) return undefined;
  if (state === 'waiting') return 'Waiting for the first answer';
  if (state === 'gone') return 'No values in this time';
  const needsRequests = id === 'latency' || id === 'errors';
  if (needsRequests && !hasTraffic) return 'No requests in this time';
  return hadValues ? 'No values in this time' : 'This server does not tell';
}

/** One source in a sentence, for those who listen. */
export function spokenSummary(source: PageSource, tape: Tape, now: number): string {
  if (source.state !== 'live') return `${source.label}: ${stateText(source)}`;
  const { fields } = tape;
  const rate = tape.latest(fields.requestRate, now);
  const parts = [
    Number.isNaN(rate)
      ? 'request rate unknown'
      : `${format(rate, 'rate').replace('req/s', 'requests per second')}`,
  ];
  const p95 = tape.latest(fields.p95, now);
  const mean = tape.latest(fields.mean, now);
  if (!Number.isNaN(p95)) parts.push(`p95 ${format(p95, 'duration')}`);
  else if (!Number.isNaN(mean)) parts.push(`mean ${format(mean, 'duration')}`);
  const errors = tape.latest(fields.errors, now);
  if (!Number.isNaN(errors)) parts.push(`errors ${format(errors, 'share')}`);
  return `${source.label}: ${parts.join(', ')}.`;
}
