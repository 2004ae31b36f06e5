import type { Field, PageSource } from '../../src/core/protocol/metrics';
import type { Colour } from '../shared/colours';
import type { Unit } from './format';
import { hasValues, highest, type Tape } from './tape';

/** One line of a chart. Lines differ by their dashes too, not by colour alone. */
export interface Line {
  label: string;
  colour: Colour;
  dash: readonly number[];
  values: Float32Array;
}

/** A chart that every source has. */
export interface ChartKind {
  id: 'rate' | 'latency' | 'errors' | 'inFlight' | 'cpu' | 'memory';
  title: string;
  unit: Unit;
  /** The least that the axis reaches up to, in the unit of the values. */
  least: number;
  lines(tape: Tape, source: PageSource): Line[];
  /** What must be said about the values. */
  note?(source: PageSource): string | undefined;
}

const solid: readonly number[] = [];
const dashed: readonly number[] = [8, 4];
const dotted: readonly number[] = [2, 3];

export const kinds: readonly ChartKind[] = [
  {
    id: 'rate',
    title: 'Request rate',
    unit: 'rate',
    least: 1,
    lines: ({ fields }) => [{ label: 'Requests', colour: 'blue', dash: solid, values: fields.requestRate }],
  },
  {
    id: 'latency',
    title: 'Latency',
    unit: 'duration',
    least: 0.001,
    lines: latencyLines,
    note: latencyNote,
  },
  { id: 'errors', title: 'Error rate', unit: 'share', least: 0.01, lines: errorLines },
  {
    id: 'inFlight',
    title: 'In flight',
    unit: 'count',
    least: 2,
    lines: ({ fields }) => [{ label: 'Requests', colour: 'blue', dash: solid, values: fields.inFlight }],
  },
  {
    id: 'cpu',
    title: 'CPU',
    unit: 'cores',
    least: 0.1,
    lines: ({ fields }) => parts(fields.cpu, fields.cpuWorker),
  },
  {
    id: 'memory',
    title: 'Memory',
    unit: 'bytes',
    least: 64 * 1024 * 1024,
    lines: ({ fields }) => parts(fields.memory, fields.memoryWorker),
  },
];

function latencyLines({ fields }: Tape, { latency }: PageSource): Line[] {
  if (latency === 'mean') return [{ label: 'Mean', colour: 'blue', dash: solid, values: fields.mean }];
  const line = (label: string, field: Field, colour: Colour, dash: readonly number[]): Line => ({
    label,
    colour,
    dash,
    values: fields[field],
  });
  return [
    line('p50', 'p50', 'blue', solid),
    line('p95', 'p95', 'yellow', dashed),
    line('p99', 'p99', 'purple', dotted),
  ];
}

function latencyNote({ latency, server }: PageSource): string | undefined {
  if (latency === 'mean') return `${server} has no histogram: p50, p95 and p99 are not available.`;
  if (latency === 'quantiles') return `Quantiles as ${server} works them out, over a time of its own.`;
  return undefined;
}

const statusStyles: readonly [Colour, readonly number[]][] = [
  ['purple', [2, 3]],
  ['green', [4, 2]],
  ['blue', [1, 2]],
  ['text', [6, 2, 1, 2]],
];

/** 4xx and 5xx as a whole, and each status that neither names alone. Servers that tell no status have errors as a whole. */
function errorLines({ fields, statuses }: Tape): Line[] {
  const seen = [...statuses]
    .filter(([, values]) => highest(values) > 0)
    .sort(([a], [b]) => a.localeCompare(b));
  const single = (entries: typeof seen) =>
    entries.map(([label, values], index): Line => {
      const [colour, dash] = statusStyles[index % statusStyles.length] ?? ['text', solid];
      return { label, colour, dash, values };
    });
  if (hasValues(fields.errors) && !hasValues(fields.errors4xx)) {
    return [{ label: 'Failed', colour: 'red', dash: solid, values: fields.errors }, ...single(seen)];
  }
  const whole = (digit: '4' | '5', colour: Colour, dash: readonly number[], values: Float32Array) => {
    const own = seen.filter(([status]) => status.startsWith(digit));
    const label = own.length === 1 ? `${digit}xx (${own[0]?.[0]})` : `${digit}xx`;
    return { own, line: { label, colour, dash, values } };
  };
  const clients = whole('4', 'yellow', dashed, fields.errors4xx);
  const servers = whole('5', 'red', solid, fields.errors5xx);
  const named = [clients.own, servers.own].filter(({ length }) => length === 1).flat();
  return [clients.line, servers.line, ...single(seen.filter((entry) => !named.includes(entry)))];
}

function parts(all: Float32Array, worker: Float32Array): Line[] {
  const total: Line = { label: 'Total', colour: 'blue', dash: solid, values: all };
  if (!highest(worker)) return [total];
  return [total, { label: 'Worker', colour: 'yellow', dash: dashed, values: worker }];
}
