import { arrayTypeOf, byteLengthOf, countOf } from './datatypes';
import type { Datatype, Tensor, TensorData } from './tensor';
import { TensorError } from './tensorFill';

/** In place of the length of a BYTES value that is missing; no bytes follow it. Ours alone: the extension has no word for that. */
const missing = 0xffffffff;
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
    const length = bytes.write(text ?? '', offset + 4);
    bytes.writeUInt32LE(text === null ? missing : length, offset);
    offset += 4 + length;
  }
  return bytes;
}

/**
 * The values that {@link bytesOf} wrote: a view of `bytes` where their place in memory allows it, else a copy. BYTES values stay
 * packed as they are: {@link unpacked} takes them apart. `mayMiss` says whether some of these may be missing.
 * @throws TensorError when they are not as many as the shape says
 */
export function dataFromBytes(
  datatype: Datatype,
  shape: readonly number[],
  bytes: Buffer,
  mayMiss = false,
): TensorData {
  const count = countOf(shape);
  if (datatype === 'BYTES') {
    checkPacked(bytes, count, mayMiss);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  const type = arrayTypeOf(datatype);
  const expected = count * type.BYTES_PER_ELEMENT;
  if (bytes.byteLength !== expected) {
    throw new TensorError(`expected ${expected} bytes of ${datatype}, got ${bytes.byteLength}`, []);
  }
  if (bytes.byteOffset % type.BYTES_PER_ELEMENT === 0) return new type(bytes.buffer, bytes.byteOffset, count);
  const copy = new Uint8Array(bytes);
  return new type(copy.buffer, 0, count);
}

/**
 * The tensor with its BYTES values as strings.
 * @throws TensorError when one is no UTF-8
 */
export function unpacked(tensor: Tensor): Tensor {
  const { datatype, data } = tensor;
  if (datatype !== 'BYTES' || Array.isArray(data)) return tensor;
  const strings = packedValues(data as Uint8Array).map((value, index) => {
    if (value === null) return null;
    try {
      return utf8.decode(value);
    } catch {
      throw new TensorError(`BYTES value ${index} is no UTF-8`, [index]);
    }
  });
  return { ...tensor, data: strings };
}

/** Views of the first values that are packed there, all by default; `null` for those that are missing. */
export function packedValues(bytes: Uint8Array, most = Infinity): (Uint8Array | null)[] {
  const values: (Uint8Array | null)[] = [];
  for (let offset = 0; offset < bytes.length && values.length < most;) {
    const start = offset + 4;
    const length = lengthAt(bytes, offset);
    offset = start + bytesAfter(length);
    values.push(length === missing ? null : bytes.subarray(start, offset));
  }
  return values;
}

/** The values as the binary tensor extension can have them: empty ones for those that are missing. */
export function withoutMissing(bytes: Uint8Array): Uint8Array {
  const places: number[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const length = lengthAt(bytes, offset);
    if (length === missing) places.push(offset);
    offset += 4 + bytesAfter(length);
  }
  if (places.length === 0) return bytes;
  const filled = new Uint8Array(bytes);
  for (const place of places) filled.fill(0, place, place + 4);
  return filled;
}

/** Where the value begins that comes so many values after the one at `offset`. */
export function skipPacked(bytes: Uint8Array, offset: number, count: number): number {
  let at = offset;
  for (let left = count; left > 0; left--) at += 4 + bytesAfter(lengthAt(bytes, at));
  return at;
}

function checkPacked(bytes: Uint8Array, count: number, mayMiss: boolean): void {
  // Each has a length in front: a shape that asks for more can not be right, and is not walked to its end.
  if (count * 4 > bytes.length) {
    throw new TensorError(`expected ${count} BYTES values, got ${bytes.length} bytes`, []);
  }
  let offset = 0;
  for (let index = 0; index < count; index++) {
    const length = offset + 4 <= bytes.length ? lengthAt(bytes, offset) : Infinity;
    offset += 4 + (mayMiss ? bytesAfter(length) : length);
    if (offset > bytes.length) {
      throw new TensorError(`BYTES value ${index} is longer than what was sent`, [index]);
    }
  }
  if (offset !== bytes.length) {
    throw new TensorError(`${bytes.length - offset} bytes are left after ${count} BYTES values`, []);
  }
}

function bytesAfter(length: number): number {
  return length === missing ? 0 : length;
}

function lengthAt(bytes: Uint8Array, at: number): number {
  const byte = (index: number) => bytes[at + index] as number;
  return byte(0) + byte(1) * 2 ** 8 + byte(2) * 2 ** 16 + byte(3) * 2 ** 24;
}
