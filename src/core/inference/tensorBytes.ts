import { arrayTypeOf, byteLengthOf, countOf } from './datatypes';
import type { Datatype, TensorData } from './tensor';
import { TensorError } from './tensorFill';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The values as the binary tensor extension of the Open Inference Protocol has them: row-major, little-endian, BOOL in one byte,
 * each BYTES value after its length in 4 bytes. Values of a fixed width are not copied.
 */
export function bytesOf(data: TensorData): Uint8Array {
  if (!Array.isArray(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const bytes = Buffer.allocUnsafe(byteLengthOf({ data }));
  let offset = 0;
  for (const text of data) {
    const length = bytes.write(text, offset + 4);
    bytes.writeUInt32LE(length, offset);
    offset += 4 + length;
  }
  return bytes;
}

/**
 * The values that {@link bytesOf} wrote: a view of `bytes` where their place in memory allows it, else a copy.
 * @throws TensorError when they are not as many as the shape says, or a BYTES value is no UTF-8
 */
export function dataFromBytes(datatype: Datatype, shape: readonly number[], bytes: Buffer): TensorData {
  const count = countOf(shape);
  if (datatype === 'BYTES') return stringsFrom(bytes, count);
  const type = arrayTypeOf(datatype);
  const expected = count * type.BYTES_PER_ELEMENT;
  if (bytes.byteLength !== expected) {
    throw new TensorError(`expected ${expected} bytes of ${datatype}, got ${bytes.byteLength}`, []);
  }
  if (bytes.byteOffset % type.BYTES_PER_ELEMENT === 0) return new type(bytes.buffer, bytes.byteOffset, count);
  const copy = new Uint8Array(bytes);
  return new type(copy.buffer, 0, count);
}

function stringsFrom(bytes: Buffer, count: number): string[] {
  // Each has a length in front: a shape that asks for more can not be right, and nothing is allocated for it.
  if (count * 4 > bytes.length) {
    throw new TensorError(`expected ${count} BYTES values, got ${bytes.length} bytes`, []);
  }
  const values = new Array<string>(count);
  let offset = 0;
  for (let index = 0; index < count; index++) {
    const start = offset + 4;
    const end = start <= bytes.length ? start + bytes.readUInt32LE(offset) : Infinity;
    if (end > bytes.length) {
      throw new TensorError(`BYTES value ${index} is longer than what was sent`, [index]);
    }
    try {
      values[index] = utf8.decode(bytes.subarray(start, end));
    } catch {
      throw new TensorError(`BYTES value ${index} is no UTF-8`, [index]);
    }
    offset = end;
  }
  if (offset !== bytes.length) {
    throw new TensorError(`${bytes.length - offset} bytes are left after ${count} BYTES values`, []);
  }
  return values;
}
