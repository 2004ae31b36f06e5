import { readLabels, readNumber, type Labels } from './parseLine';

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'info' | 'unknown';

export interface MetricSample {
  /** The whole name, such as `http_request_duration_seconds_bucket`. */
  name: string;
  labels: Labels;
  value: number;
  /** Milliseconds since 1970, where the server gives one. */
  timestamp?: number;
}

/** All samples that belong together: of a histogram also its buckets, sum and count. */
export interface MetricFamily {
  name: string;
  type: MetricType;
  help: string;
  samples: MetricSample[];
}

export type Families = ReadonlyMap<string, MetricFamily>;

/** A text that is not in the exposition format. */
export class MetricsSyntaxError extends Error {
  constructor(
    readonly line: number,
    reason: string,
  ) {
    super(`line ${line}: ${reason}`);
    this.name = 'MetricsSyntaxError';
  }
}

const types = new Set<string>(['counter', 'gauge', 'histogram', 'summary', 'info']);

/** The endings of samples that belong to a family of another name. */
const endings = ['_bucket', '_sum', '_count', '_total', '_created', '_info'];

/** Reads Prometheus' text format, and OpenMetrics as far as it has the same content. */
export function parseMetrics(text: string): Families {
  const families = new Map<string, MetricFamily>();
  const familyOf = (name: string): MetricFamily => {
    let family = families.get(name);
    if (!family) families.set(name, (family = { name, type: 'unknown', help: '', samples: [] }));
    return family;
  };
  // OpenMetrics counts in seconds, Prometheus in milliseconds.
  const openMetrics = text.trimEnd().endsWith('# EOF');
  let number = 0;
  for (const raw of text.split('\n')) {
    number++;
    const line = raw.trim();
    if (!line) continue;
    try {
      if (line.startsWith('#')) readComment(line, familyOf);
      else {
        const sample = readSample(line, openMetrics);
        familyOf(familyName(sample.name, families)).samples.push(sample);
      }
    } catch (error) {
      throw new MetricsSyntaxError(number, (error as Error).message);
    }
  }
  return families;
}

function readComment(line: string, familyOf: (name: string) => MetricFamily): void {
  const [, keyword, name, rest = ''] = /^#\s+(HELP|TYPE)\s+(\S+)(?:\s+(.*))?$/.exec(line) ?? [];
  if (!keyword || !name) return;
  if (keyword === 'HELP') {
    familyOf(name).help = rest.replace(/\\(\\|n|")/g, (_, char: string) => (char === 'n' ? '\n' : char));
  } else familyOf(name).type = types.has(rest) ? (rest as MetricType) : 'unknown';
}

function familyName(sample: string, families: Families): string {
  if (families.has(sample)) return sample;
  for (const ending of endings) {
    if (!sample.endsWith(ending)) continue;
    const name = sample.slice(0, -ending.length);
    const type = families.get(name)?.type;
    if (type && type !== 'gauge' && type !== 'unknown') return name;
  }
  return sample;
}

function readSample(line: string, openMetrics: boolean): MetricSample {
  let name = /^[^\s{]*/.exec(line)?.[0] ?? '';
  let labels: Labels = new Map();
  let at = name.length;
  while (line[at] === ' ' || line[at] === '\t') at++;
  if (line[at] === '{') {
    const read = readLabels(line, at + 1);
    labels = read.labels;
    name ||= read.name ?? '';
    at = read.end;
    if (!read.name) checkName(name);
  } else checkName(name);
  // What follows a hash is an exemplar, which nothing here needs.
  const [value, timestamp, ...more] = (line.slice(at).split(' # ')[0] ?? '').trim().split(/\s+/);
  if (more.length) throw new Error(`unexpected “${more[0]}”`);
  const sample: MetricSample = { name, labels, value: readNumber(value ?? '') };
  if (timestamp !== undefined) sample.timestamp = readNumber(timestamp) * (openMetrics ? 1000 : 1);
  return sample;
}

function checkName(name: string): void {
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name))
    throw new Error(`“${name.slice(0, 40)}” is not the name of a metric`);
}
