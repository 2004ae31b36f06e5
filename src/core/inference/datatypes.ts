import type { Datatype, Tensor, TensorData } from './tensor';

/** All datatypes but BYTES: their values have a fixed width. */
export type FixedDatatype = Exclude<Datatype, 'BYTES'>;
export type FixedArray = Exclude<TensorData, (string | null)[]>;

type FixedArrayConstructor = {
  new (length: number): FixedArray;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): FixedArray;
  readonly BYTES_PER_ELEMENT: number;
};

const constructors: Record<FixedDatatype, FixedArrayConstructor> = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
  BF16: Uint16Array,
};

/** The array type that holds values of this datatype. */
export function arrayTypeOf(datatype: FixedDatatype): FixedArrayConstructor {
  return constructors[datatype];
}

export function isDatatype(value: unknown): value is Datatype {
  return value === 'BYTES' || (typeof value === 'string' && Object.hasOwn(constructors, value));
}

/** How many values a tensor of this shape has: 1 for a scalar. */
export function countOf(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) count *= size;
  return count;
}

/** Bytes that the values take in memory and on the wire; a BYTES value counts as UTF-8 with its 4-byte length. */
export function byteLengthOf(tensor: Pick<Tensor, 'data'>): number {
  if (!Array.isArray(tensor.data)) return tensor.data.byteLength;
  let total = 0;
  for (const text of tensor.data) total += 4 + Buffer.byteLength(text ?? '');
  return total;
}
