import type { JsonValue, Tensor } from '../../core/inference/tensor';
import { bytesOf, withoutMissing } from '../../core/inference/tensorBytes';
import { dataText } from '../../core/inference/tensorJson';
import type { Signature } from '../../core/model/signature';
import { Failure } from '../failure';
import { isObject, parseBody } from './body';
import type { JsonObject } from './body';
import type { Answer } from './codec';
import { inModelOrder, inputFromBytes, inputSpec, inputTensor, listNames } from './inputs';
import { asText } from './outputs';

/** What the answer to an `infer` request needs to know of it. */
export interface V2Form {
  id?: string;
  /** The outputs that are asked for, in that order; all when undefined. */
  outputs?: WantedOutput[];
  /** Whether outputs come as bytes behind the JSON, where they do not say it themselves. */
  binary: boolean;
  /** How long the client waits, in milliseconds. */
  timeout?: number;
}

interface WantedOutput {
  name: string;
  binary?: boolean;
}

/**
 * Reads the body of an `infer` request and holds it against the signature. Throws `Failure` 400.
 * @param jsonBytes where the JSON ends and the tensors of the binary extension begin; the whole body is JSON when undefined
 */
export function readV2(
  body: Buffer,
  signature: Signature,
  jsonBytes = body.length,
): { inputs: Tensor[]; form: V2Form } {
  if (jsonBytes > body.length) {
    throw new Failure(400, `The body has ${body.length} bytes, less than the ${jsonBytes} of its JSON.`);
  }
  const request = parseBody(body.subarray(0, jsonBytes), signature);
  const tail = new Tail(body.subarray(jsonBytes));
  if (!isObject(request) || !Array.isArray(request['inputs'])) {
    throw new Failure(400, 'The body must be a JSON object with an array "inputs".');
  }
  const id = given(request, 'id');
  if (id !== undefined && typeof id !== 'string') throw new Failure(400, '"id" must be a string.');
  const inputs = inModelOrder(
    signature,
    request['inputs'].map((input) => readInput(input, signature, tail)),
  );
  tail.checkEmpty();
  return {
    inputs,
    form: {
      id,
      outputs: readOutputs(given(request, 'outputs'), signature),
      binary: flag(request, 'binary_data_output') ?? false,
      timeout: timeoutOf(request),
    },
  };
}

/** Triton's name for how long a request may take, in microseconds. */
function timeoutOf(request: JsonObject): number | undefined {
  const timeout = parameter(request, 'timeout');
  if (timeout === undefined) return undefined;
  if (typeof timeout !== 'number' && typeof timeout !== 'bigint')
    throw new Failure(400, '"timeout" must be a number of microseconds.');
  return timeout > 0 ? Number(timeout) / 1000 : undefined;
}

/** Clients that write all fields of a form write null for those that they leave out. */
function given(of: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(of, name) ? (of[name] ?? undefined) : undefined;
}

function parameter(of: JsonObject, name: string): JsonValue | undefined {
  const parameters = given(of, 'parameters');
  if (parameters === undefined) return undefined;
  if (!isObject(parameters)) throw new Failure(400, '"parameters" must be an object.');
  return given(parameters, name);
}

function flag(of: JsonObject, name: string): boolean | undefined {
  const value = parameter(of, name);
  if (value === undefined || typeof value === 'boolean') return value;
  throw new Failure(400, `"${name}" must be true or false.`);
}

/** What comes behind the JSON: the values of one tensor after another. */
class Tail {
  #offset = 0;

  constructor(private readonly bytes: Buffer) {}

  take(name: string, length: JsonValue): Buffer {
    if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0) {
      throw new Failure(400, `Input "${name}": "binary_data_size" must be a whole number, not below 0.`);
    }
    const end = this.#offset + length;
    if (end > this.bytes.length) {
      const left = this.bytes.length - this.#offset;
      throw new Failure(400, `Input "${name}" has ${length} bytes, and only ${left} are left of the body.`);
    }
    const taken = this.bytes.subarray(this.#offset, end);
    this.#offset = end;
    return taken;
  }

  checkEmpty(): void {
    const left = this.bytes.length - this.#offset;
    if (left > 0) throw new Failure(400, `${left} bytes of the body belong to no input.`);
  }
}

function readInput(input: JsonValue, signature: Signature, tail: Tail): Tensor {
  if (!isObject(input) || typeof input['name'] !== 'string') {
    throw new Failure(
      400,
      'Each of "inputs" must be an object with a "name", "shape", "datatype" and "data".',
    );
  }
  const { name, shape, datatype } = input as JsonObject & { name: string };
  const data = given(input, 'data');
  const spec = inputSpec(signature, name);
  if (datatype !== spec.datatype) {
    const given = typeof datatype === 'string' ? datatype.slice(0, 40) : 'none';
    throw new Failure(400, `Input "${name}" has datatype ${given}; the model expects ${spec.datatype}.`);
  }
  if (!isShape(shape)) {
    throw new Failure(400, `Input "${name}" needs a "shape": an array of whole numbers, none below 0.`);
  }
  const size = parameter(input, 'binary_data_size');
  if (size !== undefined) {
    if (data !== undefined) throw new Failure(400, `Input "${name}" has both "data" and "binary_data_size".`);
    return inputFromBytes(spec, shape, tail.take(name, size));
  }
  if (data === undefined) throw new Failure(400, `Input "${name}" has no "data".`);
  return inputTensor(spec, shape, data);
}

function isShape(shape: JsonValue | undefined): shape is number[] {
  return Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}

function readOutputs(outputs: JsonValue | undefined, signature: Signature): WantedOutput[] | undefined {
  if (outputs === undefined) return undefined;
  if (!Array.isArray(outputs)) throw new Failure(400, '"outputs" must be an array of objects with a "name".');
  // None means all, as for Triton.
  if (outputs.length === 0) return undefined;
  return outputs.map((output) => {
    if (!isObject(output) || typeof output['name'] !== 'string')
      throw new Failure(400, 'Each of "outputs" must be an object with a "name".');
    const { name } = output as JsonObject & { name: string };
    if (!signature.outputs.some((spec) => spec.name === name)) {
      throw new Failure(
        400,
        `The model has no output "${name.slice(0, 200)}". It gives ${listNames(signature.outputs)}.`,
      );
    }
    if (parameter(output, 'classification') !== undefined) {
      throw new Failure(400, 'This server does not turn outputs into classes: leave "classification" out.');
    }
    return { name, binary: flag(output, 'binary_data') };
  });
}

/** The answer to an `infer` request: JSON, and the values of the outputs that are to come as bytes behind it. */
export function writeV2(model: { name: string; version: string }, form: V2Form, outputs: Tensor[]): Answer {
  const binary: Uint8Array[] = [];
  const tensors = wantedOf(form, outputs).map(({ tensor, asBytes }) => {
    if (!asBytes) return `${tensorHead(tensor)},"data":${dataText(asText(tensor))}}`;
    const packed = bytesOf(tensor.data);
    const bytes = tensor.datatype === 'BYTES' ? withoutMissing(packed) : packed;
    binary.push(bytes);
    return `${tensorHead(tensor)},"parameters":{"binary_data_size":${bytes.byteLength}}}`;
  });
  const id = form.id === undefined ? '' : `,"id":${JSON.stringify(form.id)}`;
  const head = `{"model_name":${JSON.stringify(model.name)},"model_version":${JSON.stringify(model.version)}${id}`;
  return { json: `${head},"outputs":[${tensors.join(',')}]}`, binary };
}

/** The outputs that are written as JSON: what takes time. */
export function jsonOutputsOf(form: V2Form, outputs: Tensor[]): Tensor[] {
  return wantedOf(form, outputs).flatMap(({ tensor, asBytes }) => (asBytes ? [] : [tensor]));
}

function wantedOf({ outputs: wanted, binary }: V2Form, outputs: Tensor[]) {
  if (!wanted) return outputs.map((tensor) => ({ tensor, asBytes: binary }));
  return wanted.map((one) => ({
    tensor: outputs.find(({ name }) => name === one.name) as Tensor,
    asBytes: one.binary ?? binary,
  }));
}

function tensorHead({ name, datatype, shape }: Tensor): string {
  return `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(',')}]`;
}
