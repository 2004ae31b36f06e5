/** Datatypes of the Open Inference Protocol, with Triton's BF16. */
export type Datatype =
  | 'BOOL'
  | 'UINT8'
  | 'UINT16'
  | 'UINT32'
  | 'UINT64'
  | 'INT8'
  | 'INT16'
  | 'INT32'
  | 'INT64'
  | 'FP16'
  | 'FP32'
  | 'FP64'
  | 'BYTES'
  | 'BF16';

/**
 * Values in row-major order. BOOL and UINT8 are a `Uint8Array`; FP16 and BF16 are their bits in a `Uint16Array`;
 * INT64 and UINT64 are 64-bit arrays; BYTES are UTF-8 strings, `null` where one is missing in a table, or, on their way through the
 * server, a `Uint8Array` of the bytes that the binary tensor extension has for them.
 */
export type TensorData =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | (string | null)[];

/** A named array of values. `shape` has no free dimensions: its product is the length of `data`; `[]` is a scalar. */
export interface Tensor {
  name: string;
  datatype: Datatype;
  shape: number[];
  data: TensorData;
}

/** Plain JSON values as they stand in a sample or a request; integers beyond 2^53 are `bigint`. */
export type JsonValue =
  null | boolean | number | bigint | string | JsonValue[] | { [key: string]: JsonValue };
