import { UserError } from '../errors';
import { countOf } from '../inference/datatypes';
import { TensorError, tensorFromJson } from '../inference/tensorJson';
import type { JsonValue, Tensor } from '../inference/tensor';
import { shapeWords } from '../model/signatureWords';
import type { Signature, TensorSpec } from '../model/signature';
import { nearest } from './nearest';
import type { Problem, Sample } from './sample';

/** A sample that does not fit its model; `problems` says where and why. */
export class SampleError extends UserError {
  constructor(
    sample: string,
    readonly problems: Problem[],
  ) {
    const words = problems.map(({ message }) => message).join(' ');
    super(
      'sample-invalid',
      `The sample "${sample}" does not fit the model. ${words}`,
      'Correct it in the samples file.',
    );
    this.name = 'SampleError';
  }
}

/**
 * The inputs of a sample as tensors, in the order of the signature.
 * Free dimensions take the size that the values have.
 * @throws SampleError
 */
export function sampleTensors(signature: Signature, sample: Sample): Tensor[] {
  const problems: Problem[] = [];
  const names = signature.inputs.map(({ name }) => name);
  for (const name of Object.keys(sample.inputs).filter((given) => !names.includes(given))) {
    const meant = nearest(
      name,
      names.filter((known) => !Object.hasOwn(sample.inputs, known)),
    );
    const help = meant
      ? `Did you mean "${meant}"?`
      : `It has ${names.map((known) => `"${known}"`).join(', ')}.`;
    problems.push({ path: ['inputs', name], message: `The model has no input "${name}". ${help}` });
  }
  const sizes = new Map<string, number>();
  const tensors = signature.inputs.flatMap((spec) => {
    const values = Object.hasOwn(sample.inputs, spec.name) ? sample.inputs[spec.name] : undefined;
    if (values === undefined) {
      problems.push({ path: ['inputs'], message: `The input "${spec.name}" is missing.` });
      return [];
    }
    try {
      return [tensorOf(spec, values, sizes)];
    } catch (error) {
      if (!(error instanceof TensorError)) throw error;
      const message = `${spec.name}: ${error.message}.`;
      problems.push({ path: ['inputs', spec.name, ...error.path], message });
      return [];
    }
  });
  if (problems.length > 0) throw new SampleError(sample.name, problems);
  return tensors;
}

function tensorOf(spec: TensorSpec, values: JsonValue, sizes: Map<string, number>): Tensor {
  const { name, datatype } = spec;
  if (!datatype) throw new TensorError(`values of type ${spec.type} can not be given in a sample`, []);
  const shape = fitShape(spec, nestedShape(values), sizes);
  for (const [axis, dimension] of (spec.shape ?? []).entries()) {
    if (typeof dimension === 'string') sizes.set(dimension, shape[axis] as number);
  }
  return tensorFromJson({ name, datatype, shape }, values);
}

/** The lengths of nested arrays, taken from the first of each. */
function nestedShape(values: JsonValue): number[] {
  const shape: number[] = [];
  for (let at: JsonValue | undefined = values; Array.isArray(at); at = at[0]) shape.push(at.length);
  return shape;
}

/**
 * The shape that the values have by the signature: nested as it says, or flat where that leaves no more than one choice.
 * Names of free dimensions only help with flat values: onnxruntime lets one name have two sizes, and some exporters write that.
 */
function fitShape({ shape }: TensorSpec, given: number[], sizes: Map<string, number>): number[] {
  if (!shape) return given;
  // Where an array is empty, nothing says what its elements would be like.
  const endsEmpty = given.at(-1) === 0 && given.length < shape.length;
  if (given.length === shape.length || (endsEmpty && given.length > 1)) {
    const wrong = shape.findIndex(
      (size, axis) => typeof size === 'number' && axis < given.length && size !== given[axis],
    );
    if (wrong < 0) return shape.map((size, axis) => given[axis] ?? (typeof size === 'number' ? size : 0));
    throw new TensorError(
      `expected ${String(shape[wrong])} values along dimension ${wrong + 1} of ${shapeWords(shape)}, got ${given[wrong]}`,
      new Array<number>(wrong).fill(0),
    );
  }
  const known = shape.map((size) => (typeof size === 'string' ? (sizes.get(size) ?? null) : size));
  if (given.length === 1 && known.filter((size) => size === null).length <= 1) {
    const rest = countOf(known.filter((size) => size !== null));
    const free = rest > 0 ? (given[0] as number) / rest : 0;
    if (known.includes(null) ? Number.isInteger(free) : rest === given[0]) {
      return known.map((size) => size ?? free);
    }
  }
  const got = given.length > 0 ? `an array of ${given.join('×')}` : 'a single value';
  throw new TensorError(`expected the shape ${shapeWords(shape)}, got ${got}`, []);
}
