interface Series {
  /** How many values were at most each bound and above the one before; the last counts those above all of them. */
  counts: number[];
  sum: number;
}

/** A histogram of Prometheus with at most one label, made to be told a value with each request: prom-client takes labels apart each time. */
export class Histogram {
  readonly #series = new Map<string, Series>();

  constructor(
    private readonly options: { name: string; help: string; label?: string; bounds: readonly number[] },
  ) {
    // Without a label there is one series from the start.
    if (options.label === undefined) this.#seriesOf('');
  }

  observe(value: number, label = ''): void {
    const { bounds } = this.options;
    const series = this.#series.get(label) ?? this.#seriesOf(label);
    let index = 0;
    while (index < bounds.length && value > (bounds[index] as number)) index++;
    series.counts[index] = (series.counts[index] as number) + 1;
    series.sum += value;
  }

  /** As Prometheus reads it. Source: https://prometheus.io/docs/instrumenting/exposition_formats/ */
  text(): string {
    const { name, help, label, bounds } = this.options;
    const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`];
    for (const [value, { counts, sum }] of this.#series) {
      const own = label === undefined ? '' : `${label}="${value}"`;
      let total = 0;
      for (const [index, count] of counts.entries()) {
        total += count;
        const labels = [`le="${bounds[index] ?? '+Inf'}"`, own].filter(Boolean).join(',');
        lines.push(`${name}_bucket{${labels}} ${total}`);
      }
      const labels = own && `{${own}}`;
      lines.push(`${name}_sum${labels} ${sum}`, `${name}_count${labels} ${total}`);
    }
    return `${lines.join('\n')}\n`;
  }

  #seriesOf(label: string): Series {
    const series = { counts: new Array<number>(this.options.bounds.length + 1).fill(0), sum: 0 };
    this.#series.set(label, series);
    return series;
  }
}
