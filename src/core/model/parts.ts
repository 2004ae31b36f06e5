import type { FileWindow } from './fileWindow';
import { fieldsOf, textOf, type Field } from './protobuf';
import { WireError } from './wireError';

/** A header's parts are short; one that claims to be longer is not read into memory. */
const longestPart = 4 * 2 ** 20;

/** The bytes of one part of a model's header. */
export async function readPart(window: FileWindow, field: Field): Promise<Buffer> {
  const length = field.end - field.start;
  if (length > longestPart) throw new WireError(`a part of its header claims to have ${length} bytes`);
  return window.slice(field.start, field.end);
}

/** Reads a `StringStringEntryProto`. */
export function readEntry(bytes: Buffer): [key: string, value: string] {
  let key = '';
  let value = '';
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) key = textOf(bytes, field);
    if (field.number === 2) value = textOf(bytes, field);
  }
  return [key, value];
}
