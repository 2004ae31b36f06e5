import { dataText } from '../../core/inference/tensorJson';
import type { JsonValue, Tensor } from '../../core/inference/tensor';
import type { Signature } from '../../core/model/signature';
import { Failure } from '../failure';
import { isObject, parseBody } from './body';
import type { JsonObject } from './body';
import { inModelOrder, inputSpec, inputTensor, listNames } from './inputs';

/** What the answer to an `infer` request needs to know of it. */
export interface V2Form {
  id?: string;
  /** Names of the outputs that are asked for, in that order; all when undefined. */
  outputs?: string[];
}

/** Reads the body of an `infer` request and holds it against the signature. Throws `Failure` 400. */
export function readV2(body: Buffer, signature: Signature): { inputs: Tensor[]; form: V2Form } {
  const request = parseBody(body, signature);
  if (!isObject(request) || !Array.isArray(request['inputs'])) {
    throw new Failure(400, 'The body must be a JSON object with an array "inputs".');
  }
  const { id, outputs } = request;
  if (id !== undefined && typeof id !== 'string') throw new Failure(400, '"id" must be a string.');
  const inputs = inModelOrder(
    signature,
    request['inputs'].map((input) => readInput(input, signature)),
  );
  return {
    inputs,
    form: { id, outputs: outputs === undefined ? undefined : readOutputs(outputs, signature) },
  };
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
export function writeV2(model: { name: string; version: string }, form: V2Form, outputs: Tensor[]): string {
  const wanted = form.outputs
    ? form.outputs.map((name) => outputs.find((output) => output.name === name) as Tensor)
    : outputs;
  const id = form.id === undefined ? '' : `,"id":${JSON.stringify(form.id)}`;
  const head = `{"model_name":${JSON.stringify(model.name)},"model_version":${JSON.stringify(model.version)}${id}`;
  return `${head},"outputs":[${wanted.map(tensorText).join(',')}]}`;
}

function tensorText(tensor: Tensor): string {
  const { name, datatype, shape } = tensor;
  return `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(',')}],"data":${dataText(tensor)}}`;
}
