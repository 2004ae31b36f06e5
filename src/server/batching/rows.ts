import type { TensorSpec } from '../../core/model/signature';
import { countOf } from '../../core/inference/datatypes';
import type { Tensor, TensorData } from '../../core/inference/tensor';
import { skipPacked } from '../../core/inference/tensorBytes';
import type { OutgoingTensor } from '../worker/frames';

/** Whether these have rows: the first dimension of each is free. */
export function haveRows(specs: readonly TensorSpec[]): boolean {
  return specs.every(({ shape }) => shape !== undefined && shape.length > 0 && typeof shape[0] !== 'number');
}

/** How many rows these inputs have; undefined when they do not agree, or there are none. */
export function rowsOf(inputs: readonly Tensor[]): number | undefined {
  const rows = inputs[0]?.shape[0];
  return inputs.every(({ shape }) => shape[0] === rows) ? rows : undefined;
}

/** Whether inputs of the same model have the same shapes but for their rows. */
export function haveSameRows(one: readonly Tensor[], other: readonly Tensor[]): boolean {
  return one.every(({ shape }, input) => {
    const others = (other[input] as Tensor).shape;
    return shape.length === others.length && shape.every((size, axis) => axis === 0 || size === others[axis]);
  });
}

/** The inputs of several requests as those of one, in that order. */
export function joinRows(requests: readonly { inputs: readonly Tensor[]; rows: number }[]): OutgoingTensor[] {
  const [first] = requests;
  if (!first) return [];
  const joined = requests.length > 1;
  const rows = requests.reduce((sum, request) => sum + request.rows, 0);
  return first.inputs.map(({ name, datatype, shape }, index) => ({
    name,
    datatype,
    shape: joined ? [rows, ...shape.slice(1)] : shape,
    parts: requests.map(({ inputs }) => (inputs[index] as Tensor).data),
  }));
}

/** The outputs of one run as those of the requests in it, without a copy; undefined when they do not have these rows. */
export function splitRows(outputs: readonly Tensor[], rows: readonly number[]): Tensor[][] | undefined {
  const total = rows.reduce((sum, count) => sum + count, 0);
  if (!outputs.every(({ shape }) => shape[0] === total)) return undefined;
  const parts = outputs.map((output) => partsOf(output, rows));
  return rows.map((_, request) => parts.map((ofOutput) => ofOutput[request] as Tensor));
}

function partsOf({ name, datatype, shape, data }: Tensor, rows: readonly number[]): Tensor[] {
  const [, ...rowShape] = shape;
  const width = countOf(rowShape);
  const packed = datatype === 'BYTES' && !Array.isArray(data) ? (data as Uint8Array) : undefined;
  let end = 0;
  return rows.map((count) => {
    const start = end;
    end = packed ? skipPacked(packed, start, count * width) : start + count * width;
    const part: TensorData = Array.isArray(data) ? data.slice(start, end) : data.subarray(start, end);
    return { name, datatype, shape: [count, ...rowShape], data: part };
  });
}
