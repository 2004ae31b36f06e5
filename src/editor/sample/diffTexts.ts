import type { JsonValue, Tensor } from '../../core/inference/tensor';
import { layOut } from '../../core/sample/samplesFile';
import type { Problem } from '../../core/sample/sample';
import { readable } from './describeVerdict';

/** `compare` stops counting here: beyond, nobody knows which values are as expected. */
const MOST_MISMATCHES = 100;

/** Both sides of a diff in the same layout. What is within the tolerance reads as it is expected, so that only the rest stands out. */
export function diffTexts(
  expected: JsonValue,
  name: string,
  outputs: Tensor[],
  mismatches: Problem[],
): { expected: string; actual: string } {
  const written = layOut(expected, '', '  ');
  const output = outputs.find((tensor) => tensor.name === name);
  if (!output) return { expected: written, actual: `(the model has no output “${name}”)` };
  const flat = Array.isArray(expected) && !expected.some(Array.isArray) && output.shape.length > 1;
  const actual = readable(flat ? { ...output, shape: [output.data.length] } : output);
  const wrong = new Set(
    mismatches.filter(({ path }) => path[1] === name).map(({ path }) => path.slice(2).join('/')),
  );
  const known = mismatches.length < MOST_MISMATCHES;
  return { expected: written, actual: layOut(known ? align(expected, actual, [], wrong) : actual, '', '  ') };
}

function align(expected: JsonValue, actual: JsonValue, path: number[], wrong: Set<string>): JsonValue {
  if (wrong.has(path.join('/'))) return actual;
  if (!Array.isArray(expected) || !Array.isArray(actual)) return expected;
  return actual.map((value, index) => align(expected[index] ?? null, value, [...path, index], wrong));
}
