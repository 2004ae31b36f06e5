import { nestedData, stringifyJson } from '../inference/tensorJson';
import type { Datatype, JsonValue, Tensor } from '../inference/tensor';
import { nearest } from './nearest';
import { roundTo, shortest } from './rounding';
import type { Problem } from './sample';

const mostProblems = 100;

interface Tolerance {
  rtol: number;
  atol: number;
}

/** How the values of one output are held against what is expected. */
interface Comparison extends Tolerance {
  datatype: Datatype;
  problems: Problem[];
}

/**
 * Holds outputs against what is expected of them; only outputs that `expected` names are compared.
 * A float passes where |actual − expected| ≤ atol + rtol × |expected| (as numpy's `allclose`), an integer where
 * |actual − expected| ≤ atol: a class of 1001 is not nearly 1000. NaN equals NaN; texts and booleans are the same or not.
 * @returns at most 100 problems, each with the path of its value: `['expected', output, …index]`
 */
export function compare(
  expected: Record<string, JsonValue>,
  outputs: Tensor[],
  { rtol, atol }: Tolerance,
): Problem[] {
  const problems: Problem[] = [];
  for (const [name, wanted] of Object.entries(expected)) {
    const path = ['expected', name];
    const output = outputs.find((candidate) => candidate.name === name);
    if (!output) {
      const names = outputs.map((candidate) => candidate.name);
      const meant = nearest(name, names);
      const help = meant
        ? `Did you mean "${meant}"?`
        : `It has ${names.map((known) => `"${known}"`).join(', ')}.`;
      problems.push({ path, message: `The model has no output "${name}". ${help}` });
      continue;
    }
    const flat = Array.isArray(wanted) && !wanted.some(Array.isArray);
    const actual = nestedData(flat ? { ...output, shape: [output.data.length] } : output);
    compareValues(wanted, actual, path, { datatype: output.datatype, rtol, atol, problems });
  }
  return problems.slice(0, mostProblems);
}

function compareValues(
  wanted: JsonValue,
  actual: JsonValue,
  path: (string | number)[],
  comparison: Comparison,
): void {
  const { problems } = comparison;
  if (problems.length >= mostProblems) return;
  if (Array.isArray(wanted) && Array.isArray(actual)) {
    if (wanted.length !== actual.length) {
      problems.push({ path, message: `Expected ${countWords(wanted.length)}, got ${actual.length}.` });
      return;
    }
    wanted.forEach((value, index) =>
      compareValues(value, actual[index] as JsonValue, [...path, index], comparison),
    );
  } else if (!equal(wanted, actual, comparison)) {
    problems.push({ path, message: mismatchWords(wanted, actual, comparison) });
  }
}

function equal(wanted: JsonValue, actual: JsonValue, { datatype, rtol, atol }: Comparison): boolean {
  if (Array.isArray(wanted) || Array.isArray(actual)) return false;
  if (datatype === 'BYTES') return wanted === actual;
  if (datatype === 'BOOL') return wanted === actual || wanted === Number(actual);
  if (!isFloat(datatype)) {
    const difference = integerDifference(wanted, actual);
    return difference !== undefined && difference <= atol;
  }
  const number = floatOf(wanted);
  if (number === undefined || typeof actual !== 'number') return false;
  const rounded = roundTo(datatype, number);
  if (!Number.isFinite(rounded) || !Number.isFinite(actual))
    return rounded === actual || Object.is(rounded, actual);
  return Math.abs(actual - rounded) <= atol + rtol * Math.abs(rounded);
}

function isFloat(datatype: Datatype): boolean {
  return datatype.includes('F');
}

/** Undefined where one of the two is no number. 64-bit integers are subtracted before they lose digits. */
function integerDifference(wanted: JsonValue, actual: JsonValue): number | undefined {
  if (isInteger(wanted) && isInteger(actual)) return Math.abs(Number(BigInt(wanted) - BigInt(actual)));
  return typeof wanted === 'number' ? Math.abs(wanted - Number(actual)) : undefined;
}

function isInteger(value: JsonValue): value is number | bigint {
  return typeof value === 'bigint' || Number.isInteger(value);
}

/** JSON has no numbers for these: they are written as strings. */
const nonFinite = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

function floatOf(value: JsonValue): number | undefined {
  if (typeof value === 'string') return nonFinite.get(value);
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}

function mismatchWords(wanted: JsonValue, actual: JsonValue, { datatype, rtol, atol }: Comparison): string {
  const expectation = `Expected ${shown(wanted, datatype)}, got ${shown(actual, datatype)}`;
  if (typeof wanted !== 'number' || typeof actual !== 'number' || !Number.isFinite(actual)) {
    return `${expectation}.`;
  }
  const difference = Math.abs(actual - roundTo(datatype, wanted));
  if (!isFloat(datatype))
    return atol < 1 ? `${expectation}.` : `${expectation}: off by ${difference}, allowed is ${atol}.`;
  return `${expectation}: off by ${short(difference)}, allowed is ${short(atol + rtol * Math.abs(wanted))}.`;
}

function countWords(count: number): string {
  return count === 1 ? '1 value' : `${count} values`;
}

function shown(value: JsonValue, datatype: Datatype): string {
  if (Array.isArray(value)) return `an array of ${countWords(value.length)}`;
  if (typeof value === 'number') return String(shortest(datatype, value));
  const text = stringifyJson(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** Three digits are enough to see how far off something is. */
function short(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
