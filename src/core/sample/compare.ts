import { nestedData } from '../inference/tensorJson';
import type { JsonValue, Tensor } from '../inference/tensor';
import { nearest } from './nearest';
import type { Problem } from './sample';

const mostProblems = 100;

interface Tolerance {
  rtol: number;
  atol: number;
}

/**
 * Holds outputs against what is expected of them; only outputs that `expected` names are compared.
 * A number passes where |actual − expected| ≤ atol + rtol × |expected| (as numpy's `allclose`); NaN equals NaN.
 * @returns at most 100 problems, each with the path of its value: `['expected', output, …index]`
 */
export function compare(
  expected: Record<string, JsonValue>,
  outputs: Tensor[],
  tolerance: Tolerance,
): Problem[] {
  const problems: Problem[] = [];
  for (const [name, wanted] of Object.entries(expected)) {
    const output = outputs.find((candidate) => candidate.name === name);
    if (!output) {
      const meant = nearest(
        name,
        outputs.map((candidate) => candidate.name),
      );
      const names = outputs.map((candidate) => `"${candidate.name}"`).join(', ');
      const help = meant ? `Did you mean "${meant}"?` : `It has ${names}.`;
      problems.push({ path: ['expected', name], message: `The model has no output "${name}". ${help}` });
      continue;
    }
    const nested = !Array.isArray(wanted) || wanted.some(Array.isArray) || output.shape.length < 2;
    const actual = nested ? nestedData(output) : nestedData({ ...output, shape: [output.data.length] });
    compareValues(wanted, actual, ['expected', name], tolerance, problems);
  }
  return problems;
}

function compareValues(
  wanted: JsonValue,
  actual: JsonValue,
  path: (string | number)[],
  tolerance: Tolerance,
  problems: Problem[],
): void {
  if (problems.length >= mostProblems) return;
  if (Array.isArray(wanted) && Array.isArray(actual)) {
    if (wanted.length !== actual.length) {
      problems.push({ path, message: `Expected ${wanted.length} values, got ${actual.length}.` });
      return;
    }
    wanted.forEach((value, index) =>
      compareValues(value, actual[index] as JsonValue, [...path, index], tolerance, problems),
    );
  } else if (!equal(wanted, actual, tolerance)) {
    problems.push({ path, message: mismatchWords(wanted, actual, tolerance) });
  }
}

function equal(wanted: JsonValue, actual: JsonValue, { rtol, atol }: Tolerance): boolean {
  if (typeof actual === 'bigint' || typeof wanted === 'bigint') {
    return isNumeric(wanted) && isNumeric(actual) && BigInt(wanted) === BigInt(actual);
  }
  const number = typeof wanted === 'string' ? nonFinite[wanted] : wanted;
  if (typeof actual !== 'number' || typeof number !== 'number') return wanted === actual;
  if (Number.isNaN(number) || !Number.isFinite(actual)) return Object.is(number, actual);
  return Math.abs(actual - number) <= atol + rtol * Math.abs(number);
}

/** JSON has no numbers for these: they are written as strings. */
const nonFinite: Record<string, number> = { NaN: Number.NaN, Infinity: Infinity, '-Infinity': -Infinity };

function isNumeric(value: JsonValue): value is number | bigint {
  return typeof value === 'bigint' || Number.isInteger(value);
}

function mismatchWords(wanted: JsonValue, actual: JsonValue, { rtol, atol }: Tolerance): string {
  const expectation = `Expected ${shown(wanted)}, got ${shown(actual)}`;
  if (typeof wanted !== 'number' || typeof actual !== 'number' || !Number.isFinite(actual))
    return `${expectation}.`;
  const allowed = atol + rtol * Math.abs(wanted);
  return `${expectation}: off by ${short(Math.abs(actual - wanted))}, allowed are ${short(allowed)}.`;
}

function shown(value: JsonValue): string {
  if (Array.isArray(value)) return `an array of ${value.length} values`;
  if (typeof value === 'number') return short(value, 7);
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(value);
}

function short(value: number, digits = 3): string {
  return Number(value.toPrecision(digits)).toString();
}
