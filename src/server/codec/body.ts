import { isUtf8 } from 'node:buffer';
import { mayBeTooBig, parseJson } from '../../core/inference/jsonText';
import type { JsonValue } from '../../core/inference/tensor';
import type { Signature } from '../../core/model/signature';
import { Failure } from '../failure';
import { parseInSlices } from './longJson';

export type JsonObject = { [key: string]: JsonValue };

/** JSON from this length on is parsed in slices: what is shorter takes a part of a second, whatever it holds. */
const longBytes = 2 * 2 ** 20;

/** Plain `JSON.parse` where no input has integers that it would lose. Throws `Failure` 400. */
export function parseBody(body: Buffer, signature: Signature): JsonValue {
  const wide = signature.inputs.some(({ datatype }) => datatype === 'INT64' || datatype === 'UINT64');
  const parse = wide ? parseJson : parseNarrow;
  try {
    return body.length < longBytes ? parse(textOf(body)) : parseInSlices(checked(body), parse);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    if (body.length < longBytes && body.toString().trim() === '')
      throw new Failure(400, 'The body is empty; it must be JSON.');
    throw new Failure(400, `The body is not valid JSON: ${error.message.slice(0, 200)}`);
  }
}

function parseNarrow(text: string): JsonValue {
  if (!mayBeTooBig(text)) {
    try {
      return JSON.parse(text) as JsonValue;
    } catch {
      // Perhaps only for a bare NaN.
    }
  }
  return parseJson(text);
}

/** The text of a body. Throws `Failure` 400 when it is no UTF-8: its characters would be lost silently. */
export function textOf(body: Buffer): string {
  return checked(body).toString();
}

function checked(body: Buffer): Buffer {
  if (isUtf8(body)) return body;
  throw new Failure(400, 'The body is not valid UTF-8.');
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
