import { readFile } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { UserError, messageOf } from '../core/errors';
import { fileReason } from '../core/fileErrors';
import type { JsonValue } from '../core/inference/tensor';
import { parseJson } from '../core/inference/tensorJson';

/** Inputs by name, from a JSON file or, for `-`, from `input`. Throws `UserError` for what can not be read. */
export async function readInputs(
  file: string,
  signal: AbortSignal,
  input: Readable = process.stdin,
): Promise<Record<string, JsonValue>> {
  if (file !== '-') return inputsIn(await readText(file), file);
  return inputsIn(await text(addAbortSignal(signal, input)), 'standard input');
}

/**
 * Inputs by name, as `{"INPUT": VALUES}` or as `{"inputs": {"INPUT": VALUES}}`; a byte order mark is no part of them.
 * @param file where they are from, for people
 * @throws UserError `sample-invalid`
 */
export function inputsIn(json: string, file: string): Record<string, JsonValue> {
  let parsed: JsonValue;
  try {
    parsed = parseJson(json.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw notInputs(file, messageOf(error), error);
  }
  if (!isObject(parsed)) throw notInputs(file, 'it is no object');
  const { inputs, ...others } = parsed;
  // The values of an input named "inputs" are no object.
  return isObject(inputs) && Object.keys(others).length === 0 ? inputs : parsed;
}

function isObject(value: JsonValue | undefined): value is { [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UserError(
      'samples-missing',
      `${file} can not be read: ${fileReason(error)}.`,
      'Name a JSON file with inputs by name, or - for standard input.',
      { cause: error },
    );
  }
}

function notInputs(file: string, why: string, cause?: unknown): UserError {
  return new UserError(
    'sample-invalid',
    `${file} is no JSON object with inputs by name: ${why}.`,
    'Write it as {"INPUT": VALUES}.',
    { cause },
  );
}
