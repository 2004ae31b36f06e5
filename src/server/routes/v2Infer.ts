import { parseJson } from '../../core/inference/jsonText';
import { dataText } from '../../core/inference/tensorJson';
import type { JsonValue, Tensor } from '../../core/inference/tensor';
import type { Signature } from '../../core/model/signature';
import { Failure } from '../failure';
import { inModelOrder, inputSpec, inputTensor, listNames } from './inputs';

export interface InferRequest {
  id?: string;
  inputs: Tensor[];
  /** Names of the outputs that are asked for, in that order; all when undefined. */
  outputs?: string[];
}

type JsonObject = { [key: string]: JsonValue };

/** Reads the body of an `infer` request and holds it against the signature. Throws `Failure` 400. */
export function readInferRequest(body: Buffer, signature: Signature): InferRequest {
  const request = parseBody(body, signature);
  if (!isObject(request) || !Array.isArray(request['inputs'])) {
    throw new Failure(400, 'The body must be a JSON object with an array "inputs".');
  }
  const { id, outputs } = request;
  if (id !== undefined && typeof id !== 'string') throw new Failure(400, '"id" must be a string.');
  const tensors = request['inputs'].map((input) => readInput(input, signature));
  return {
    id,
    inputs: inModelOrder(signature, tensors),
    outputs: outputs === undefined ? undefined : readOutputs(outputs, signature),
  };
}

/** Plain `JSON.parse` where no input has integers that it would lose. Throws `Failure` 400. */
export function parseBody(body: Buffer, signature: Signature): JsonValue {
  const text = body.toString();
  const wide = signature.inputs.some(({ datatype }) => datatype === 'INT64' || datatype === 'UINT64');
  try {
    if (!wide) {
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

function readInput(input: JsonValue, signature: Signature): Tensor {
  if (!isObject(input) || typeof input['name'] !== 'string') {
    throw new Failure(
      400,
      'Each of "inputs" must be an object with a "name", "shape", "datatype" and "data".',
    );
  }
  const { name, shape, datatype, data } = input as JsonObject & { name: string };
  const spec = inputSpec(signature, name);
  if (datatype !== spec.datatype) {
    const given = typeof datatype === 'string' ? datatype.slice(0, 40) : 'none';
    throw new Failure(400, `Input "${name}" has datatype ${given}; the model expects ${spec.datatype}.`);
  }
  if (!isShape(shape)) {
    throw new Failure(400, `Input "${name}" needs a "shape": an array of whole numbers, none below 0.`);
  }
  if (data === undefined) throw new Failure(400, `Input "${name}" has no "data".`);
  return inputTensor(spec, shape, data);
}

function isShape(shape: JsonValue | undefined): shape is number[] {
  return Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}

function readOutputs(outputs: JsonValue, signature: Signature): string[] {
  if (!Array.isArray(outputs)) throw new Failure(400, '"outputs" must be an array of objects with a "name".');
  return outputs.map((output) => {
    const name = isObject(output) ? output['name'] : undefined;
    if (typeof name !== 'string')
      throw new Failure(400, 'Each of "outputs" must be an object with a "name".');
    if (!signature.outputs.some((spec) => spec.name === name)) {
      throw new Failure(
        400,
        `The model has no output "${name.slice(0, 200)}". It gives ${listNames(signature.outputs)}.`,
      );
    }
    return name;
  });
}

/** JSON text of the answer to an `infer` request. */
export function inferResponse(
  model: { name: string; version: string },
  request: InferRequest,
  outputs: Tensor[],
): string {
  const wanted = request.outputs
    ? request.outputs.map((name) => outputs.find((output) => output.name === name) as Tensor)
    : outputs;
  const id = request.id === undefined ? '' : `,"id":${JSON.stringify(request.id)}`;
  const head = `{"model_name":${JSON.stringify(model.name)},"model_version":${JSON.stringify(model.version)}${id}`;
  return `${head},"outputs":[${wanted.map(tensorText).join(',')}]}`;
}

function tensorText(tensor: Tensor): string {
  const { name, datatype, shape } = tensor;
  return `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(',')}],"data":${dataText(tensor)}}`;
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
