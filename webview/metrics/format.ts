export type Unit = 'rate' | 'duration' | 'share' | 'count' | 'cores' | 'bytes';

/** What a chart draws of a value: milliseconds, percent, MiB. */
export const scaleOf: Record<Unit, number> = {
  rate: 1,
  duration: 1000,
  share: 100,
  count: 1,
  cores: 1,
  bytes: 1 / 1024 / 1024,
};

/** What a chart's axis is in, in words. */
export const axisUnit: Record<Unit, string> = {
  rate: 'requests per second',
  duration: 'milliseconds',
  share: '% of requests',
  count: 'requests',
  cores: 'cores',
  bytes: 'MiB',
};

/** A value with its unit, in three digits or so; a dash where there is none. */
export function format(value: number, unit: Unit): string {
  if (Number.isNaN(value)) return '–';
  if (unit === 'duration') return formatDuration(value);
  if (unit === 'share') return `${digits(value * 100)} %`;
  if (unit === 'bytes') return formatBytes(value);
  const suffix = { rate: ' req/s', cores: value === 1 ? ' core' : ' cores', count: '' }[unit];
  return digits(value) + suffix;
}

function formatDuration(seconds: number): string {
  if (seconds >= 1) return `${digits(seconds)} s`;
  return seconds === 0 || seconds >= 0.0001 ? `${digits(seconds * 1000)} ms` : `${digits(seconds * 1e6)} µs`;
}

function formatBytes(bytes: number): string {
  const mebibytes = bytes / 1024 / 1024;
  return mebibytes >= 1024 ? `${digits(mebibytes / 1024)} GiB` : `${digits(mebibytes)} MiB`;
}

function digits(value: number): string {
  const size = Math.abs(value);
  const places = size === 0 || size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 3;
  return trimmed(
    value.toLocaleString('en-US', { minimumFractionDigits: places, maximumFractionDigits: places }),
  );
}

/** Without the zeros that say nothing: `1.50` is `1.5`, `2.00` is `2`. */
function trimmed(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** What stands at an axis for a value that was scaled by {@link scaleOf}; `step` is from one to the next. */
export function formatTick(value: number, step: number, unit: Unit): string {
  if (unit === 'duration' && step >= 500) return `${fixed(value / 1000, step / 1000)} s`;
  if (unit === 'duration') return `${fixed(value, step)} ms`;
  if (unit === 'share') return `${fixed(value, step)} %`;
  if (unit === 'bytes') return `${fixed(value, step)} MiB`;
  return fixed(value, step);
}

function fixed(value: number, step: number): string {
  let places = 0;
  // A step may be 2.5 or 0.25, too.
  for (let scaled = step; places < 4 && Math.abs(scaled - Math.round(scaled)) > 1e-6 * scaled; scaled *= 10)
    places++;
  return value.toLocaleString('en-US', { minimumFractionDigits: places, maximumFractionDigits: places });
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const shortClock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

/** `14:03:21` in local time. */
export function formatTime(second: number): string {
  return clock.format(second * 1000);
}

const calendar = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });

/** `14:03:21`, after its date where that is not the one of `now`: `7 Mar 2026, 14:03:21`. */
export function formatMoment(second: number, now: number): string {
  const date = calendar.format(second * 1000);
  const time = formatTime(second);
  return date === calendar.format(now * 1000) ? time : `${date}, ${time}`;
}

/** A tick of the time axis: with seconds only where the ticks are closer than a minute. */
export function formatTimeTick(second: number, step: number): string {
  return (step < 60 ? clock : shortClock).format(second * 1000);
}
