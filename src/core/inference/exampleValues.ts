import type { Dimension, TensorSpec } from '../model/signature';
import { countOf } from './datatypes';
import type { Datatype, JsonValue } from './tensor';

/** Values of an input that are written at most: a picture is, a film is not. An input with more is left empty. */
const mostValues = 2 ** 20;

/** A shape that fits: free dimensions are 1. */
export function exampleShape(shape: readonly Dimension[] = [1]): number[] {
  return shape.map((dimension) => (typeof dimension === 'number' ? dimension : 1));
}

/** Values that fit an input, nested as its shape says; flat zeros of the right count would be as right but say less. */
export function exampleValues({ datatype = 'FP32', shape = [1] }: TensorSpec): JsonValue {
  const sizes = exampleShape(shape);
  let next = 0;
  const build = (axis: number): JsonValue => {
    const size = sizes[axis];
    if (size === undefined) return exampleValue(datatype, next++);
    return Array.from({ length: size }, () => build(axis + 1));
  };
  return countOf(sizes) <= mostValues ? build(0) : [];
}

function exampleValue(datatype: Datatype, index: number): JsonValue {
  if (datatype === 'BOOL') return index % 2 === 0;
  if (datatype === 'BYTES') return 'text';
  return datatype.includes('F') ? Math.round(10 * Math.abs(Math.sin(index + 1))) / 10 : index % 10;
}
