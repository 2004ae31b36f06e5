/**
 * Protobuf's wire format, as far as a model's header needs it.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
import type { FileWindow } from './fileWindow';
import { WireError } from './wireError';

/** One field of a message: its number and where its value is. */
export interface Field {
  number: number;
  /** The value of a number field (wire type 0); 0 for the others. */
  value: number;
  /** Where the value starts and ends, in bytes from the start of the file or buffer. */
  start: number;
  end: number;
  /** Whether the value has a length: text, bytes, a message or packed numbers. */
  delimited: boolean;
}

type Bytes = (offset: number) => number | undefined;

const longestTag = 20;

/** Calls `visit` for each field of the message between two offsets of a file, in the file's order. */
export async function readFields(
  window: FileWindow,
  start: number,
  end: number,
  visit: (field: Field) => void | Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const byteAt: Bytes = (at) => window.at(at);
  for (let offset = start; offset < end;) {
    if (!window.holds(offset, longestTag)) {
      signal?.throwIfAborted();
      await window.load(offset, longestTag);
    }
    const field = readField(byteAt, offset, end);
    window.countPart();
    const pending = visit(field);
    if (pending) await pending;
    offset = field.end;
  }
}

/** The fields of a message that is at hand as a whole. */
export function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  for (let offset = 0; offset < bytes.length;) {
    const field = readField((at) => bytes[at], offset, bytes.length);
    yield field;
    offset = field.end;
  }
}

export function textOf(bytes: Buffer, field: Field): string {
  return bytes.toString('utf8', field.start, field.end);
}

function readField(bytes: Bytes, offset: number, end: number): Field {
  const tag = readVarint(bytes, offset, end);
  const number = Math.floor(tag.value / 8);
  if (number < 1 || number > 0x1fffffff) throw new WireError(`there is no field ${number}`);
  const start = tag.end;
  const fixed = (width: number): Field =>
    within({ number, value: 0, start, end: start + width, delimited: false }, end);
  switch (tag.value % 8) {
    case 0: {
      const { value, end: valueEnd } = readVarint(bytes, start, end);
      return { number, value, start, end: valueEnd, delimited: false };
    }
    case 1:
      return fixed(8);
    case 2: {
      const length = readVarint(bytes, start, end);
      return within(
        { number, value: 0, start: length.end, end: length.end + length.value, delimited: true },
        end,
      );
    }
    case 5:
      return fixed(4);
    default:
      throw new WireError(`there is no wire type ${tag.value % 8}`);
  }
}

function within(field: Field, end: number): Field {
  if (field.end > end) {
    const length = field.end - field.start;
    throw new WireError(`it ends in the middle of a part of ${length} bytes, after ${end - field.start}`);
  }
  return field;
}

/** Numbers above 2^53 lose precision and negative ones come out huge: lengths and sizes are neither. */
function readVarint(bytes: Bytes, offset: number, end: number): { value: number; end: number } {
  let value = 0;
  let scale = 1;
  for (let at = offset; at < offset + 10; at++) {
    const byte = at < end ? bytes(at) : undefined;
    if (byte === undefined) throw new WireError('it ends in the middle of a number');
    value += (byte & 127) * scale;
    if (byte < 128) return { value, end: at + 1 };
    scale *= 128;
  }
  throw new WireError('a number has more than 10 bytes');
}
