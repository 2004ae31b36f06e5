/** Types of ONNX values. Source: onnx.proto (TypeProto, TensorProto.DataType, TensorShapeProto), ONNX IR version 13. */
import type { Datatype } from '../inference/tensor';
import { fieldsOf, textOf } from './protobuf';
import type { Dimension, TensorSpec } from './signature';
import { WireError } from './wireError';

/** By number: the name people know, and the protocol's datatype where it has one. */
const elementTypes: Record<number, [type: string, datatype?: Datatype]> = {
  1: ['float32', 'FP32'],
  2: ['uint8', 'UINT8'],
  3: ['int8', 'INT8'],
  4: ['uint16', 'UINT16'],
  5: ['int16', 'INT16'],
  6: ['int32', 'INT32'],
  7: ['int64', 'INT64'],
  8: ['string', 'BYTES'],
  9: ['bool', 'BOOL'],
  10: ['float16', 'FP16'],
  11: ['float64', 'FP64'],
  12: ['uint32', 'UINT32'],
  13: ['uint64', 'UINT64'],
  14: ['complex64'],
  15: ['complex128'],
  16: ['bfloat16', 'BF16'],
  17: ['float8e4m3fn'],
  18: ['float8e4m3fnuz'],
  19: ['float8e5m2'],
  20: ['float8e5m2fnuz'],
  21: ['uint4'],
  22: ['int4'],
  23: ['float4e2m1'],
  24: ['float8e8m0'],
  25: ['uint2'],
  26: ['int2'],
};

const deepestType = 32;

/** Reads a `ValueInfoProto`. */
export function readValueInfo(bytes: Buffer): TensorSpec {
  let name = '';
  let type: Omit<TensorSpec, 'name'> = { type: 'unknown' };
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) name = textOf(bytes, field);
    if (field.number === 2) type = readType(bytes.subarray(field.start, field.end), 0);
  }
  return { name, ...type };
}

function readType(bytes: Buffer, depth: number): Omit<TensorSpec, 'name'> {
  if (depth > deepestType) throw new WireError('its types are nested too deeply');
  for (const field of fieldsOf(bytes)) {
    const body = bytes.subarray(field.start, field.end);
    switch (field.number) {
      case 1:
        return readTensorType(body);
      case 4:
        return { type: `sequence(${innerType(body, depth)})` };
      case 5:
        return { type: readMapType(body, depth) };
      case 7:
        return { type: 'opaque' };
      case 8:
        return { type: `sparse_tensor(${readTensorType(body).type})` };
      case 9:
        return { type: `optional(${innerType(body, depth)})` };
    }
  }
  return { type: 'unknown' };
}

function readTensorType(bytes: Buffer): Omit<TensorSpec, 'name'> {
  let element = 0;
  let shape: Dimension[] | undefined;
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) element = field.value;
    if (field.number === 2) shape = readShape(bytes.subarray(field.start, field.end));
  }
  const [type, datatype] = elementTypes[element] ?? [`type ${element}`];
  return { type, ...(datatype && { datatype }), ...(shape && { shape }) };
}

function readShape(bytes: Buffer): Dimension[] {
  const shape: Dimension[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.number !== 1) continue;
    const dimension = bytes.subarray(field.start, field.end);
    let size: Dimension = null;
    for (const part of fieldsOf(dimension)) {
      // A negative size is how some exporters write a free dimension; as an unsigned number it is above 2^63.
      if (part.number === 1) size = Number.isSafeInteger(part.value) ? part.value : null;
      if (part.number === 2) size = textOf(dimension, part) || null;
    }
    shape.push(size);
  }
  return shape;
}

function innerType(bytes: Buffer, depth: number): string {
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) return readType(bytes.subarray(field.start, field.end), depth + 1).type;
  }
  return 'unknown';
}

function readMapType(bytes: Buffer, depth: number): string {
  let key = 'unknown';
  let value = 'unknown';
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) key = elementTypes[field.value]?.[0] ?? `type ${field.value}`;
    if (field.number === 2) value = readType(bytes.subarray(field.start, field.end), depth + 1).type;
  }
  return `map(${key}, ${value})`;
}
