import { nestedText, rowText } from '../../core/inference/tensorJson';
import type { JsonValue, Tensor } from '../../core/inference/tensor';
import type { Dimension, Signature, TensorSpec } from '../../core/model/signature';
import { Failure } from '../failure';
import { isObject, parseBody } from './body';
import { inModelOrder, inputSpec, inputTensor, listNames } from './inputs';

/** No tensor has more axes: deeper nesting is no tensor, and is not walked to its end. */
const maxRank = 64;

/** How the answer to a plain request is written: by output, or by row. */
export type PlainForm = 'outputs' | 'predictions';

/**
 * Reads a plain request, one of
 * - `{"inputs": {"X": [[5.1, 3.5, 1.4, 0.2]]}}`, or the object of inputs by itself,
 * - `{"inputs": [[5.1, 3.5, 1.4, 0.2]]}`, or the array by itself, for a model with one input,
 * - `{"instances": [[5.1, 3.5, 1.4, 0.2]]}`, or with an object for each row, for models whose inputs have rows.
 *
 * Shapes come from the nesting. A single row may stand without the brackets around all rows.
 */
export function readPlain(bytes: Buffer, signature: Signature): { inputs: Tensor[]; form: PlainForm } {
  const body = parseBody(bytes, signature);
  if (isObject(body) && isGiven(body['instances']) && !isInput(signature, 'instances')) {
    return { form: 'predictions', inputs: readInstances(body['instances'], signature) };
  }
  const wrapped = isObject(body) && isGiven(body['inputs']) && !isInput(signature, 'inputs');
  return { form: 'outputs', inputs: readInputs(wrapped ? body['inputs'] : body, signature) };
}

function isGiven(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null;
}

function isInput(signature: Signature, name: string): boolean {
  return signature.inputs.some((input) => input.name === name);
}

export function readInputs(values: JsonValue | undefined, signature: Signature): Tensor[] {
  if (isObject(values)) {
    const tensors = Object.entries(values).map(([name, data]) =>
      readValues(inputSpec(signature, name), data),
    );
    return inModelOrder(signature, tensors);
  }
  const [only, ...others] = signature.inputs;
  if (!only || others.length > 0 || values === undefined) {
    throw new Failure(
      400,
      `"inputs" must be an object with a value for each of ${listNames(signature.inputs)}.`,
    );
  }
  return [readValues(only, values)];
}

export function readInstances(instances: JsonValue | undefined, signature: Signature): Tensor[] {
  if (!Array.isArray(instances) || instances.length === 0) {
    throw new Failure(400, '"instances" must be an array with at least one row.');
  }
  if (!instances.every((instance) => isObject(instance))) return readInputs(instances, signature);
  return signature.inputs.map((spec) => {
    const rows = instances.map((instance, index) => {
      const value = Object.hasOwn(instance, spec.name) ? instance[spec.name] : undefined;
      if (value === undefined) throw new Failure(400, `Row ${index} of "instances" has no "${spec.name}".`);
      return value;
    });
    return readValues(spec, rows);
  });
}

function readValues(spec: TensorSpec, data: JsonValue): Tensor {
  const shape = nestingOf(data);
  const rank = spec.shape?.length ?? shape.length;
  if (shape.length === rank) return inputTensor(spec, shape, data);
  if (shape.length < rank && shape.includes(0)) {
    throw new Failure(400, `Input "${spec.name}" is an empty array, which does not say its shape.`);
  }
  // A row for a model that takes rows, or rows of one value each without their brackets.
  if (shape.length === rank - 1) {
    const row = fits(spec.shape?.slice(1), shape);
    return inputTensor(spec, row ? [1, ...shape] : [...shape, 1], row ? [data] : flat(data));
  }
  return inputTensor(spec, shape, data);
}

function fits(expected: readonly Dimension[] | undefined, shape: number[]): boolean {
  return expected?.every((size, axis) => typeof size !== 'number' || size === shape[axis]) === true;
}

function flat(data: JsonValue): JsonValue {
  return Array.isArray(data) ? ((data as unknown[]).flat(maxRank) as JsonValue[]) : data;
}

/** The shape that the nesting of the first elements has. */
function nestingOf(data: JsonValue): number[] {
  const shape: number[] = [];
  for (let value: JsonValue | undefined = data; Array.isArray(value); value = value[0]) {
    shape.push(value.length);
    if (shape.length > maxRank) throw new Failure(400, `The values are nested more than ${maxRank} deep.`);
  }
  return shape;
}

/** JSON text of the answer: `{"outputs": {…}}`, or `{"predictions": […]}` with one element a row. */
export function writePlain(form: PlainForm, outputs: Tensor[]): string {
  if (form === 'outputs') return `{"outputs":${byName(outputs, nestedText)}}`;
  return `{"predictions":${byRow(outputs)}}`;
}

function byRow(outputs: Tensor[]): string {
  const [first] = outputs;
  if (first && outputs.length === 1) return nestedText(first);
  const rows = first?.shape[0];
  if (rows === undefined || !outputs.every(({ shape }) => shape[0] === rows))
    return byName(outputs, nestedText);
  const texts = Array.from({ length: rows }, (_, row) => byName(outputs, (output) => rowText(output, row)));
  return `[${texts.join(',')}]`;
}

function byName(outputs: Tensor[], textOf: (output: Tensor) => string): string {
  let text = '{';
  for (const output of outputs)
    text += `${text.length > 1 ? ',' : ''}${JSON.stringify(output.name)}:${textOf(output)}`;
  return `${text}}`;
}
