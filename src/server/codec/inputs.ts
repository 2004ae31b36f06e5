import { countOf } from '../../core/inference/datatypes';
import { dataFromBytes } from '../../core/inference/tensorBytes';
import { tensorFromJson, TensorError } from '../../core/inference/tensorJson';
import type { Datatype, JsonValue, Tensor } from '../../core/inference/tensor';
import type { Dimension, Signature, TensorSpec } from '../../core/model/signature';
import { Failure } from '../failure';

/** A shape for people and for the protocol: a free dimension is -1. */
export function protocolShape(shape: readonly Dimension[]): number[] {
  return shape.map((size) => (typeof size === 'number' ? size : -1));
}

/** The tensor of one input from its values. Throws `Failure` 400 that names the input and what is expected. */
export function inputTensor(spec: TensorSpec, shape: number[], data: JsonValue): Tensor {
  checkShape(spec, shape);
  const { name } = spec;
  return inWords(name, () => tensorFromJson({ name, datatype: spec.datatype as Datatype, shape }, data));
}

/** The tensor of one input from its bytes in the form of the binary extension. Throws `Failure` 400. */
export function inputFromBytes(spec: TensorSpec, shape: number[], bytes: Buffer): Tensor {
  checkShape(spec, shape);
  const { name } = spec;
  const datatype = spec.datatype as Datatype;
  return inWords(name, () => ({ name, datatype, shape, data: dataFromBytes(datatype, shape, bytes) }));
}

function inWords<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof TensorError) throw new Failure(400, `Input "${name}": ${error.message}.`);
    throw error;
  }
}

function checkShape(spec: TensorSpec, shape: number[]): void {
  const expected = spec.shape;
  const fits =
    expected === undefined ||
    (shape.length === expected.length &&
      expected.every((size, axis) => typeof size !== 'number' || size === shape[axis]));
  if (!fits) {
    const wanted = protocolShape(expected ?? []).join(', ');
    throw new Failure(
      400,
      `Input "${spec.name}" has shape [${shape.join(', ')}]; the model expects [${wanted}].`,
    );
  }
  if (!Number.isSafeInteger(countOf(shape))) {
    throw new Failure(400, `Input "${spec.name}" has a shape with too many values: [${shape.join(', ')}].`);
  }
}

/** The input of this name. Throws `Failure` 400 that says which there are. */
export function inputSpec(signature: Signature, name: string): TensorSpec {
  const spec = signature.inputs.find((input) => input.name === name);
  if (spec) return spec;
  throw new Failure(
    400,
    `The model has no input "${name.slice(0, 200)}". It takes ${listNames(signature.inputs)}.`,
  );
}

/** The tensors in the model's order. Throws `Failure` 400 when one is missing or there twice. */
export function inModelOrder(signature: Signature, tensors: Tensor[]): Tensor[] {
  const { inputs } = signature;
  if (tensors.length === 1 && inputs.length === 1) return tensors;
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  if (byName.size < tensors.length) throw new Failure(400, 'An input is there twice.');
  return inputs.map(({ name }) => {
    const tensor = byName.get(name);
    if (!tensor) throw new Failure(400, `Input "${name}" is missing. The model takes ${listNames(inputs)}.`);
    return tensor;
  });
}

export function listNames(specs: readonly TensorSpec[]): string {
  if (specs.length === 0) return 'none';
  return specs
    .map(({ name, type, shape }) => `"${name}" (${type} [${protocolShape(shape ?? []).join(', ')}])`)
    .join(', ');
}
