import { arrayTypeOf, countOf } from './datatypes';
import { floatsText } from './floatText';
import type { FixedArray } from './datatypes';
import { bfloatToNumber, halfToNumber } from './half';
import type { Datatype, JsonValue, Tensor } from './tensor';
import { describeValue, fillerOf, TensorError } from './tensorFill';

export { TensorError } from './tensorFill';
export { parseJson, stringifyJson } from './jsonText';

/** The tensor as the Open Inference Protocol writes it, with flat data. */
export function tensorToJson(tensor: Tensor): {
  name: string;
  shape: number[];
  datatype: Datatype;
  data: JsonValue[];
} {
  return { name: tensor.name, shape: tensor.shape, datatype: tensor.datatype, data: flatData(tensor) };
}

/** The values as JSON numbers, booleans or strings, in row-major order; 64-bit integers beyond 2^53 are `bigint`. */
function flatData({ datatype, data }: Tensor): JsonValue[] {
  if (Array.isArray(data)) return data;
  if (datatype === 'BOOL') return Array.from(data as Uint8Array, (value) => value !== 0);
  if (datatype === 'FP16') return Array.from(data as Uint16Array, halfToNumber);
  if (datatype === 'BF16') return Array.from(data as Uint16Array, bfloatToNumber);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return Array.from(data as BigInt64Array, (value) => {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : value;
    });
  }
  return Array.from(data as Float64Array);
}

/** The values nested as the shape says; a scalar is a bare value. */
export function nestedData(tensor: Tensor): JsonValue {
  const flat = flatData(tensor);
  let next = 0;
  const build = (axis: number): JsonValue => {
    const size = tensor.shape[axis];
    if (size === undefined) return flat[next++] as JsonValue;
    if (axis === tensor.shape.length - 1) return flat.slice(next, (next += size));
    return Array.from({ length: size }, () => build(axis + 1));
  };
  return build(0);
}

/** JSON text of the values as a flat array, as {@link stringifyJson} would write it but without a value for each; floats in the digits they have. */
export function dataText(tensor: Tensor): string {
  return `[${valuesText(tensor, 0, tensor.data.length)}]`;
}

/** The same, nested as the shape says; a scalar is a bare value. */
export function nestedText(tensor: Tensor): string {
  return nest(tensor, 0, 0, tensor.data.length);
}

/** The same for one row: what lies at `index` of the first axis. */
export function rowText(tensor: Tensor, index: number): string {
  const width = tensor.data.length / (tensor.shape[0] as number);
  return nest(tensor, 1, index * width, (index + 1) * width);
}

function nest(tensor: Tensor, axis: number, start: number, end: number): string {
  const size = tensor.shape[axis];
  if (size === undefined) return valuesText(tensor, start, end);
  if (axis === tensor.shape.length - 1) return `[${valuesText(tensor, start, end)}]`;
  const width = (end - start) / size;
  let text = '[';
  for (let index = 0; index < size; index++) {
    if (index > 0) text += ',';
    text += nest(tensor, axis + 1, start + index * width, start + (index + 1) * width);
  }
  return `${text}]`;
}

function valuesText(tensor: Tensor, start: number, end: number): string {
  const { datatype, data } = tensor;
  if (Array.isArray(data)) {
    return data
      .slice(start, end)
      .map((text) => JSON.stringify(text))
      .join(',');
  }
  if (data instanceof Float32Array) return floatsText(data, start, end);
  const part = start === 0 && end === data.length ? data : data.subarray(start, end);
  const coded = datatype === 'BOOL' || datatype === 'FP16' || datatype === 'BF16';
  const text = coded
    ? (flatData({ ...tensor, data: part }) as (number | boolean)[]).join(',')
    : part.join(',');
  const finite = !datatype.includes('F') || !/[NI]/.test(text);
  return finite ? text : text.replace(/NaN|-?Infinity/g, '"$&"');
}

/**
 * Reads values, nested as the shape says or flat.
 * Floats may also be the strings "NaN", "Infinity" and "-Infinity"; BOOL may also be 0 and 1. Floats and BYTES may be null: missing.
 * @throws TensorError that says which value does not fit
 */
export function tensorFromJson(
  spec: { name: string; datatype: Datatype; shape: number[] },
  data: JsonValue,
): Tensor {
  const { name, datatype, shape } = spec;
  const count = countOf(shape);
  const values = Array.isArray(data) ? data : [data];
  if (!Array.isArray(data) && shape.length > 0) {
    throw new TensorError(`expected an array of ${count} values, got ${describeValue(data)}`, []);
  }
  // Known before anything is allocated: a shape that asks for more values than were sent can not be right.
  const nested = shape.length > 1 && Array.isArray(values[0]);
  if (!nested && values.length !== count) {
    const form =
      shape.length > 1 ? `${count} values (${shape.join('×')}), flat or nested` : `${count} values`;
    throw new TensorError(`expected ${form}, got ${values.length}`, []);
  }
  if (nested) checkNesting(values, shape, 0, []);
  const target = datatype === 'BYTES' ? new Array<string>(count) : new (arrayTypeOf(datatype))(count);
  const fill = fillerOf(datatype) as (
    target: FixedArray | string[],
    offset: number,
    values: JsonValue[],
  ) => number;
  const path: number[] = [];
  let next = 0;
  const copy = (row: JsonValue[], axis: number): void => {
    if (!nested || axis === shape.length - 1) {
      const bad = fill(target, next, row);
      if (bad >= 0) {
        path.push(bad);
        const message = `${describeValue(row[bad])}${Array.isArray(data) ? placeOf(path) : ''} is no ${datatype} value`;
        throw new TensorError(message, Array.isArray(data) ? path : []);
      }
      next += row.length;
      return;
    }
    for (let index = 0; index < row.length; index++) {
      path.push(index);
      copy(row[index] as JsonValue[], axis + 1);
      path.pop();
    }
  };
  copy(values, 0);
  return { name, datatype, shape, data: target };
}

/** Throws unless every array has the length of its axis; the depth is that of the shape, whatever was sent. */
function checkNesting(values: JsonValue[], shape: number[], axis: number, path: number[]): void {
  const size = shape[axis] as number;
  if (values.length !== size) {
    throw new TensorError(
      `expected ${size} values${placeOf(path)} (shape ${shape.join('×')}), got ${values.length}`,
      path,
    );
  }
  if (axis === shape.length - 1) return;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as JsonValue;
    path.push(index);
    if (!Array.isArray(value)) {
      const message = `expected an array of ${shape[axis + 1]} values${placeOf(path)}, got ${describeValue(value)}`;
      throw new TensorError(message, path);
    }
    checkNesting(value, shape, axis + 1, path);
    path.pop();
  }
}

function placeOf(path: number[]): string {
  return path.length > 0 ? ` at [${path.join('][')}]` : '';
}
