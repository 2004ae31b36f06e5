interface Bounds {
  least: number;
  most: number;
}

/** What counters of a server must have come to: exactly, as far as that can be told from outside. Series are named as `/metrics` names them. */
export class Tally {
  readonly #series = new Map<string, Bounds>();

  /** So much was added for sure. */
  add(series: string, amount: number): void {
    const bounds = this.#bounds(series);
    bounds.least += amount;
    bounds.most += amount;
  }

  /** So much was added at most. */
  perhaps(series: string, amount: number): void {
    this.#bounds(series).most += amount;
  }

  /** Where the server's `/metrics` say something else, in words. */
  differences(metrics: string): string[] {
    const words: string[] = [];
    for (const [series, { least, most }] of this.#series) {
      const value = valueOf(metrics, series) ?? 0;
      if (value >= least && value <= most) continue;
      words.push(`${series}: ${value} counted instead of ${least === most ? least : `${least} to ${most}`}`);
    }
    return words;
  }

  #bounds(series: string): Bounds {
    let bounds = this.#series.get(series);
    if (!bounds) this.#series.set(series, (bounds = { least: 0, most: 0 }));
    return bounds;
  }
}

export function valueOf(metrics: string, series: string): number | undefined {
  const line = metrics.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

/** Where series that count the same do not say the same, in words. */
export function contradictions(metrics: string): string[] {
  const byRoute = new Map<string, number>();
  for (const [, route, count] of metrics.matchAll(/^slipway_requests_total\{route="(\w+)",.*\} (\d+)$/gm))
    byRoute.set(route as string, (byRoute.get(route as string) ?? 0) + Number(count));
  const same: [series: string, expected: number][] = [...byRoute]
    .filter(([, count]) => count > 0)
    .map(([route, count]) => [`slipway_request_duration_seconds_count{route="${route}"}`, count]);
  same.push([series.runs, valueOf(metrics, series.batches) ?? 0]);
  return same
    .filter(([each, expected]) => (valueOf(metrics, each) ?? 0) !== expected)
    .map(([each, expected]) => `${each}: ${valueOf(metrics, each)} counted, and ${expected} elsewhere`);
}

const phase = (name: string) => `slipway_phase_duration_seconds_count{phase="${name}"}`;

export const series = {
  received: 'slipway_request_bytes_total',
  sent: 'slipway_response_bytes_total',
  rows: 'slipway_batch_rows_sum',
  batches: 'slipway_batch_rows_count',
  read: phase('preprocess'),
  waited: phase('queue'),
  runs: phase('predict'),
  written: phase('postprocess'),
  restarts: 'slipway_worker_restarts_total',
};
