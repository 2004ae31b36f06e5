/** Values of test data sets. Source: onnx.proto (TensorProto), ONNX IR version 13. */
import { fieldsOf } from '../../src/core/model/protobuf';
import type { Field } from '../../src/core/model/protobuf';
import type { Datatype } from '../../src/core/inference/tensor';

/** One value of a tensor as a test compares it: integers are `bigint`, whatever their width. */
export type Value = number | bigint | boolean | string;

/** A tensor of a test: read and written by code of its own, so that no mistake of the server's is made twice. */
export interface Values {
  datatype: Datatype;
  shape: number[];
  values: Value[];
}

const datatypes: Record<number, Datatype> = {
  1: 'FP32',
  2: 'UINT8',
  3: 'INT8',
  4: 'UINT16',
  5: 'INT16',
  6: 'INT32',
  7: 'INT64',
  8: 'BYTES',
  9: 'BOOL',
  10: 'FP16',
  11: 'FP64',
  12: 'UINT32',
  13: 'UINT64',
};

/** Reads a `TensorProto`. Throws when its type is none that a server can carry. */
export function readTensorProto(bytes: Buffer): Values {
  const shape: number[] = [];
  let type = 0;
  let raw: Buffer | undefined;
  const floats: number[] = [];
  const integers: bigint[] = [];
  const strings: string[] = [];
  for (const field of fieldsOf(bytes)) {
    const body = bytes.subarray(field.start, field.end);
    if (field.number === 1) shape.push(...varints(body).map(Number));
    if (field.number === 2) type = field.value;
    if (field.number === 4) floats.push(...fixed(body, 4, (at) => body.readFloatLE(at)));
    if (field.number === 6) strings.push(body.toString());
    if (field.number === 9) raw = body;
    if (field.number === 10) floats.push(...fixed(body, 8, (at) => body.readDoubleLE(at)));
    if (isInteger(field)) for (const value of varints(body)) integers.push(BigInt.asIntN(64, value));
  }
  const datatype = datatypes[type];
  if (!datatype) throw new Error(`a tensor of ONNX type ${type} has no datatype in the protocol`);
  if (raw) return { datatype, shape, values: valuesFrom(datatype, raw) };
  if (datatype === 'BYTES') return { datatype, shape, values: strings };
  if (datatype === 'FP32' || datatype === 'FP64') return { datatype, shape, values: floats };
  return { datatype, shape, values: integers.map((value) => fromInteger(datatype, value)) };
}

/** int32_data, int64_data, uint64_data. */
function isInteger({ number }: Field): boolean {
  return number === 5 || number === 7 || number === 11;
}

function fromInteger(datatype: Datatype, value: bigint): Value {
  if (datatype === 'BOOL') return value !== 0n;
  if (datatype === 'FP16') return halfValue(Number(value));
  return datatype === 'UINT64' ? BigInt.asUintN(64, value) : value;
}

/** One number, or many that are packed. */
function varints(bytes: Buffer): bigint[] {
  const values: bigint[] = [];
  for (let at = 0; at < bytes.length;) {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] as number;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) break;
    }
    values.push(value);
  }
  return values;
}

function fixed<T>(bytes: Buffer, width: number, read: (at: number) => T): T[] {
  return Array.from({ length: Math.floor(bytes.length / width) }, (_, index) => read(index * width));
}

type Reader = [width: number, read: (bytes: Buffer, at: number) => Value];
type Writer = (bytes: Buffer, value: Value, at: number) => void;

const readers: Record<string, Reader> = {
  BOOL: [1, (bytes, at) => bytes[at] !== 0],
  UINT8: [1, (bytes, at) => BigInt(bytes.readUInt8(at))],
  INT8: [1, (bytes, at) => BigInt(bytes.readInt8(at))],
  UINT16: [2, (bytes, at) => BigInt(bytes.readUInt16LE(at))],
  INT16: [2, (bytes, at) => BigInt(bytes.readInt16LE(at))],
  UINT32: [4, (bytes, at) => BigInt(bytes.readUInt32LE(at))],
  INT32: [4, (bytes, at) => BigInt(bytes.readInt32LE(at))],
  UINT64: [8, (bytes, at) => bytes.readBigUInt64LE(at)],
  INT64: [8, (bytes, at) => bytes.readBigInt64LE(at)],
  FP16: [2, (bytes, at) => halfValue(bytes.readUInt16LE(at))],
  FP32: [4, (bytes, at) => bytes.readFloatLE(at)],
  FP64: [8, (bytes, at) => bytes.readDoubleLE(at)],
};

const writers: Record<string, Writer> = {
  BOOL: (bytes, value, at) => bytes.writeUInt8(value ? 1 : 0, at),
  UINT8: (bytes, value, at) => bytes.writeUInt8(Number(value), at),
  INT8: (bytes, value, at) => bytes.writeInt8(Number(value), at),
  UINT16: (bytes, value, at) => bytes.writeUInt16LE(Number(value), at),
  INT16: (bytes, value, at) => bytes.writeInt16LE(Number(value), at),
  UINT32: (bytes, value, at) => bytes.writeUInt32LE(Number(value), at),
  INT32: (bytes, value, at) => bytes.writeInt32LE(Number(value), at),
  UINT64: (bytes, value, at) => bytes.writeBigUInt64LE(value as bigint, at),
  INT64: (bytes, value, at) => bytes.writeBigInt64LE(value as bigint, at),
  FP16: (bytes, value, at) => bytes.writeUInt16LE(halfBits(value as number), at),
  FP32: (bytes, value, at) => bytes.writeFloatLE(value as number, at),
  FP64: (bytes, value, at) => bytes.writeDoubleLE(value as number, at),
};

/** Values from their bytes, little-endian as in `raw_data` and in the binary tensor extension. */
export function valuesFrom(datatype: Datatype, bytes: Buffer): Value[] {
  if (datatype === 'BYTES') return stringsFrom(bytes);
  const [width, read] = readers[datatype] as Reader;
  if (bytes.length % width !== 0) throw new Error(`${bytes.length} bytes are no ${datatype} values`);
  return fixed(bytes, width, (at) => read(bytes, at));
}

/** Values as bytes for the binary tensor extension. */
export function bytesFrom({ datatype, values }: Values): Buffer {
  if (datatype === 'BYTES') {
    return Buffer.concat(
      values.flatMap((value) => {
        const text = Buffer.from(value as string);
        const length = Buffer.alloc(4);
        length.writeUInt32LE(text.length);
        return [length, text];
      }),
    );
  }
  const [width] = readers[datatype] as Reader;
  const bytes = Buffer.alloc(width * values.length);
  values.forEach((value, index) => (writers[datatype] as Writer)(bytes, value, index * width));
  return bytes;
}

/** Writes a `TensorProto`: the values of words one by one, all others as `raw_data`. */
export function writeTensorProto(tensor: Values): Buffer {
  const { datatype, shape, values } = tensor;
  const type = Object.entries(datatypes).find(([, name]) => name === datatype)?.[0];
  return Buffer.concat([
    ...shape.map((size) => Buffer.from([1 << 3, ...varintOf(size)])),
    Buffer.from([2 << 3, ...varintOf(Number(type))]),
    ...(datatype === 'BYTES'
      ? values.map((value) => delimited(6, Buffer.from(value as string)))
      : [delimited(9, bytesFrom(tensor))]),
  ]);
}

function delimited(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...varintOf(bytes.length)]), bytes]);
}

function varintOf(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varintOf(Math.floor(value / 128))];
}

function stringsFrom(bytes: Buffer): string[] {
  const strings: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32LE(at);
    strings.push(bytes.subarray(at + 4, end).toString());
    at = end;
  }
  return strings;
}

function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The half whose value this is: every value here was read from a half. */
function halfBits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size === Infinity) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | (size * 2 ** 24);
  let exponent = Math.floor(Math.log2(size));
  if (2 ** exponent > size) exponent--;
  return sign | ((exponent + 15) << 10) | (size * 2 ** (10 - exponent) - 1024);
}
