/**
 * A histogram as Prometheus exposes it: `counts[i]` observations were at most `bounds[i]`.
 * The last bound is +Inf, and its count that of all observations.
 */
export interface Buckets {
  bounds: readonly number[];
  counts: ArrayLike<number>;
}

/**
 * The value below which the share `q` (0 to 1) of the observations is, estimated as Prometheus'
 * `histogram_quantile` does: observations are taken to be spread evenly inside a bucket, the lowest bucket starts at 0
 * (unless its bound is not above 0), and what falls into the last bucket gives the highest finite bound.
 * NaN without observations.
 * @see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
 */
export function histogramQuantile(q: number, { bounds, counts }: Buckets): number {
  const last = bounds.length - 1;
  const total = counts[last] ?? 0;
  if (bounds[last] !== Infinity || last < 1 || !(total > 0)) return NaN;
  const rank = q * total;
  let bucket = 0;
  while (bucket < last && (counts[bucket] ?? 0) < rank) bucket++;
  if (bucket === last) return bounds[last - 1] ?? NaN;
  const end = bounds[bucket] ?? NaN;
  if (bucket === 0 && end <= 0) return end;
  const start = bucket === 0 ? 0 : (bounds[bucket - 1] ?? NaN);
  const below = bucket === 0 ? 0 : (counts[bucket - 1] ?? 0);
  const inside = (counts[bucket] ?? 0) - below;
  return inside > 0 ? start + (end - start) * ((rank - below) / inside) : start;
}
