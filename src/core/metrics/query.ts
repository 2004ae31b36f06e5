import type { Families, MetricSample } from './parse';
import type { Labels } from './parseLine';
import type { Durations } from './reading';

type Wanted = (labels: Labels) => boolean;

const all: Wanted = () => true;

/** The samples of this very name: `foo_total`, `foo_bucket`. */
export function samplesOf(families: Families, name: string, wanted: Wanted = all): MetricSample[] {
  const family = families.get(name) ?? families.get(name.replace(/_(total|bucket|sum|count)$/, ''));
  return family?.samples.filter((sample) => sample.name === name && wanted(sample.labels)) ?? [];
}

/** The sum over all series of a metric; undefined where there are none. */
export function total(families: Families, name: string, wanted?: Wanted): number | undefined {
  const samples = samplesOf(families, name, wanted);
  return samples.length ? samples.reduce((sum, { value }) => sum + value, 0) : undefined;
}

/** Sums of a counter by what `key` makes of the labels. */
export function totalsBy(
  families: Families,
  name: string,
  key: (labels: Labels) => string,
  wanted?: Wanted,
): Map<string, number> {
  const totals = new Map<string, number>();
  for (const { labels, value } of samplesOf(families, name, wanted)) {
    const group = key(labels);
    totals.set(group, (totals.get(group) ?? 0) + value);
  }
  return totals;
}

/**
 * The sum of all series of a histogram, in seconds.
 * @param unit how many seconds the histogram's unit is
 */
export function durationsOf(
  families: Families,
  name: string,
  unit = 1,
  wanted?: Wanted,
): Durations | undefined {
  const count = total(families, `${name}_count`, wanted);
  const sum = total(families, `${name}_sum`, wanted);
  if (count === undefined || sum === undefined) return undefined;
  const buckets = new Map<number, number>();
  for (const { labels, value } of samplesOf(families, `${name}_bucket`, wanted)) {
    const bound = boundOf(labels.get('le')) * unit;
    buckets.set(bound, (buckets.get(bound) ?? 0) + value);
  }
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  return {
    bounds: sorted.map(([bound]) => bound),
    counts: sorted.map(([, value]) => value),
    sum: sum * unit,
    count,
  };
}

function boundOf(le: string | undefined): number {
  return le === '+Inf' || le === 'Inf' ? Infinity : Number(le);
}

/** What prom-client and Prometheus' other client libraries say of their own process. */
export function processOf(families: Families): { cpu?: number; memory?: number; started?: number } {
  const started = total(families, 'process_start_time_seconds');
  return {
    cpu: total(families, 'process_cpu_seconds_total'),
    memory: total(families, 'process_resident_memory_bytes'),
    started: started === undefined ? undefined : started * 1000,
  };
}

/** A map of the entries that have a value. */
export function known(entries: Record<string, number | undefined>): Map<string, number> {
  return new Map(
    Object.entries(entries).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}
