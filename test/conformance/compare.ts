import type { Value, Values } from './tensorProto';

export interface Tolerance {
  rtol: number;
  atol: number;
}

/** How a tensor differs from what was expected, in words; undefined when it does not. */
export function difference(got: Values, expected: Values, tolerance: Tolerance): string | undefined {
  if (got.datatype !== expected.datatype) return `${got.datatype} instead of ${expected.datatype}`;
  if (got.shape.join() !== expected.shape.join())
    return `shape [${got.shape.join(', ')}] instead of [${expected.shape.join(', ')}]`;
  if (got.values.length !== expected.values.length)
    return `${got.values.length} values instead of ${expected.values.length}`;
  const at = expected.values.findIndex((value, index) => !same(got.values[index] as Value, value, tolerance));
  return at < 0 ? undefined : `${String(got.values[at])} instead of ${String(expected.values[at])} at ${at}`;
}

/** Floats within the tolerance, NaN equal to NaN; all else exactly. */
function same(got: Value, expected: Value, { rtol, atol }: Tolerance): boolean {
  if (typeof got !== 'number' || typeof expected !== 'number') return got === expected;
  if (Number.isNaN(expected)) return Number.isNaN(got);
  return got === expected || Math.abs(got - expected) <= atol + rtol * Math.abs(expected);
}
