import type { Tensor, TensorData } from '../core/inference/tensor';
import { packedValues } from '../core/inference/tensorBytes';

/** A tensor with more columns is summed up as a whole: a picture's pixels are no features. */
const mostFeatures = 64;
/** More different labels than this are counted together. */
const mostLabels = 50;
/** Rows of a tensor that are looked at, at most: values where it has no columns. */
const mostRows = 1024;

type Role = 'input' | 'output';

/** By the name of a tensor. */
type ByTensor<T> = Record<Role, Map<string, T>>;

interface Moments {
  count: number;
  sum: number;
  squares: number;
  /** Values that are no number. */
  missing: number;
}

/**
 * Sums up what a model is given and what it gives, for each feature: how many values, their sum and the sum of their squares, so that
 * mean and spread over any time can be had from two scrapes; and how often each label was given. What drift is seen by. Of a long
 * tensor it looks at some rows only, evenly spaced, and counts those.
 */
export class ValueSummaries {
  readonly #moments: ByTensor<Moments[]> = { input: new Map(), output: new Map() };
  readonly #labels: ByTensor<Map<string, number>> = { input: new Map(), output: new Map() };
  readonly #columns: ReadonlyMap<string, readonly string[]>;

  /** @param columns names of features, by input, where the model knows them */
  constructor(columns: ReadonlyMap<string, readonly string[]> = new Map()) {
    this.#columns = columns;
  }

  observe(role: Role, tensors: readonly Tensor[]): void {
    for (const tensor of tensors) {
      const { datatype, data } = tensor;
      if (datatype === 'BYTES') this.#count(role, tensor.name, firstWords(data));
      else if (role === 'output' && datatype.includes('INT')) this.#count(role, tensor.name, data);
      else if (datatype !== 'FP16' && datatype !== 'BF16') this.#sum(role, tensor);
    }
  }

  /** As Prometheus reads it. */
  text(): string {
    const lines: string[] = [];
    const all = listOf(this.#moments).flatMap(([role, tensor, features]) =>
      features.map((moments, index) => ({
        labels: this.#labelsOf(role, tensor, index, features.length),
        ...moments,
      })),
    );
    const summary = (name: string, help: string, of: 'sum' | 'squares') => {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} summary`);
      for (const one of all)
        lines.push(`${name}_sum{${one.labels}} ${one[of]}`, `${name}_count{${one.labels}} ${one.count}`);
    };
    const counter = (name: string, help: string, series: [labels: string, value: number][]) => {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} counter`);
      for (const [labels, value] of series) lines.push(`${name}{${labels}} ${value}`);
    };
    if (all.length > 0) {
      summary('slipway_values', 'Values of a feature of an input or output.', 'sum');
      summary('slipway_squared_values', 'The same values, squared.', 'squares');
      counter(
        'slipway_missing_values_total',
        'Values that were no number.',
        all.map(({ labels, missing }) => [labels, missing]),
      );
    }
    const labels = listOf(this.#labels).flatMap(([role, tensor, counts]) =>
      [...counts].map(([value, count]): [string, number] => [
        `role="${role}",tensor="${escaped(tensor)}",value="${escaped(value)}"`,
        count,
      ]),
    );
    if (labels.length > 0)
      counter('slipway_labels_total', 'How often a word or a whole number was given.', labels);
    return lines.length > 0 ? `${lines.join('\n')}\n` : '';
  }

  #sum(role: Role, { name, shape, data }: Tensor): void {
    const columns = shape.length === 2 && (shape[1] as number) <= mostFeatures ? (shape[1] as number) : 1;
    const known = this.#moments[role];
    let features = known.get(name);
    if (!features) known.set(name, (features = Array.from({ length: columns }, empty)));
    // A model with a free second dimension may be given another number of columns.
    if (features.length !== columns) return;
    const rows = data.length / columns;
    const looked = Math.min(rows, mostRows);
    for (let row = 0; row < looked; row++) {
      const start = Math.floor((row * rows) / looked) * columns;
      for (let column = 0; column < columns; column++) {
        const value = Number(data[start + column]);
        const moments = features[column] as Moments;
        if (Number.isFinite(value)) {
          moments.count++;
          moments.sum += value;
          moments.squares += value * value;
        } else {
          moments.missing++;
        }
      }
    }
  }

  #count(role: Role, name: string, data: TensorData): void {
    const known = this.#labels[role];
    let counts = known.get(name);
    if (!counts) known.set(name, (counts = new Map<string, number>()));
    for (let index = 0; index < Math.min(data.length, mostRows); index++) {
      const word = String(data[index]).slice(0, 80);
      const value = counts.has(word) || counts.size < mostLabels ? word : 'other';
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
  }

  #labelsOf(role: Role, tensor: string, index: number, count: number): string {
    const names = this.#columns.get(tensor);
    const feature = count === 1 ? '' : (names?.[index] ?? String(index));
    return `role="${role}",tensor="${escaped(tensor)}",feature="${escaped(feature)}"`;
  }
}

function listOf<T>({ input, output }: ByTensor<T>): [role: Role, tensor: string, value: T][] {
  const of = (role: Role, values: Map<string, T>) =>
    [...values].map(([tensor, value]): [Role, string, T] => [role, tensor, value]);
  return [...of('input', input), ...of('output', output)];
}

/** The first of them; what is no UTF-8 has marks in it. */
function firstWords(data: TensorData): (string | null)[] {
  if (Array.isArray(data)) return data;
  return packedValues(data as Uint8Array, mostRows).map(
    (value) => value && Buffer.from(value.subarray(0, 400)).toString(),
  );
}

function empty(): Moments {
  return { count: 0, sum: 0, squares: 0, missing: 0 };
}

function escaped(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
