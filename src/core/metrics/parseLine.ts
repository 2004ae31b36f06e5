export type Labels = ReadonlyMap<string, string>;

const named = /\s*(?:([a-zA-Z_][a-zA-Z0-9_]*)|"((?:[^"\\]|\\.)*)")\s*/y;
const value = /=\s*"((?:[^"\\]|\\.)*)"\s*/y;

/**
 * Reads labels from after the opening brace to the closing one. A quoted word without a value is the metric's name,
 * as Prometheus 3 writes names that are not plain ASCII.
 */
export function readLabels(line: string, start: number): { labels: Labels; name?: string; end: number } {
  const labels = new Map<string, string>();
  let name: string | undefined;
  let at = skipSpace(line, start);
  while (line[at] !== '}') {
    named.lastIndex = at;
    const label = named.exec(line);
    if (!label) throw new Error(`a label or “}” is missing at column ${at + 1}`);
    const key = label[1] ?? unescape(label[2] ?? '');
    at = named.lastIndex;
    value.lastIndex = at;
    const content = value.exec(line);
    if (content) {
      labels.set(key, unescape(content[1] ?? ''));
      at = value.lastIndex;
    } else if (label[2] !== undefined && name === undefined) name = key;
    else throw new Error(`label “${key}” has no value`);
    if (line[at] === ',') at = skipSpace(line, at + 1);
    else if (line[at] !== '}') throw new Error(`“,” or “}” is missing at column ${at + 1}`);
  }
  return { labels, name, end: at + 1 };
}

function skipSpace(line: string, at: number): number {
  while (line[at] === ' ' || line[at] === '\t') at++;
  return at;
}

function unescape(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(.)/g, (whole, char: string) => {
    if (char === 'n') return '\n';
    return char === '\\' || char === '"' ? char : whole;
  });
}

const infinities: Record<string, number> = { inf: Infinity, '+inf': Infinity, '-inf': -Infinity };

/** Reads a number as Go writes it. */
export function readNumber(text: string): number {
  const lower = text.toLowerCase();
  if (lower === 'nan') return NaN;
  const number = infinities[lower] ?? Number(text);
  if (!text || Number.isNaN(number)) throw new Error(`“${text.slice(0, 40)}” is not a number`);
  return number;
}
