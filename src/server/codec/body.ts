import { mayBeTooBig, parseJson } from '../../core/inference/jsonText';
import type { JsonValue } from '../../core/inference/tensor';
import type { Signature } from '../../core/model/signature';
import { Failure } from '../failure';

export type JsonObject = { [key: string]: JsonValue };

/** Plain `JSON.parse` where no input has integers that it would lose. Throws `Failure` 400. */
export function parseBody(body: Buffer, signature: Signature): JsonValue {
  const text = body.toString();
  const wide = signature.inputs.some(({ datatype }) => datatype === 'INT64' || datatype === 'UINT64');
  try {
    if (!wide && !mayBeTooBig(text)) {
      try {
        return JSON.parse(text) as JsonValue;
      } catch {
        // Perhaps only for a bare NaN.
      }
    }
    return parseJson(text);
  } catch (error) {
    if (text.trim() === '') throw new Failure(400, 'The body is empty; it must be JSON.');
    throw new Failure(400, `The body is not valid JSON: ${(error as Error).message.slice(0, 200)}`);
  }
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
