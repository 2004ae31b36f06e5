import { countOf } from '../inference/datatypes';
import type { Datatype, JsonValue } from '../inference/tensor';
import type { Signature, TensorSpec } from '../model/signature';
import { layOut } from './samplesFile';

/** Values of an input that are written at most: a picture is, a film is not. An input with more is left empty. */
const mostValues = 2 ** 20;

/**
 * The text of a new samples file: one sample whose inputs fit the signature (free dimensions are 1). The same signature
 * gives the same text.
 */
export function generateSamples(signature: Signature): string {
  const inputs = signature.inputs.map(
    (spec) => `        ${JSON.stringify(spec.name)}: ${layOut(exampleValues(spec), '        ', '  ')}`,
  );
  return `{
  "samples": [
    {
      "name": "first sample",
      "inputs": {
${inputs.join(',\n')}
      }
    }
  ]
}
`;
}

/** Values that fit an input, nested as its shape says; flat zeros of the right count would be as right but say less. */
export function exampleValues({ datatype = 'FP32', shape = [1] }: TensorSpec): JsonValue {
  const sizes = shape.map((dimension) => (typeof dimension === 'number' ? dimension : 1));
  let next = 0;
  const build = (axis: number): JsonValue => {
    const size = sizes[axis];
    if (size === undefined) return exampleValue(datatype, next++);
    return Array.from({ length: size }, () => build(axis + 1));
  };
  return countOf(sizes) <= mostValues ? build(0) : [];
}

function exampleValue(datatype: Datatype, index: number): JsonValue {
  if (datatype === 'BOOL') return index % 2 === 0;
  if (datatype === 'BYTES') return 'text';
  return datatype.includes('F') ? Math.round(10 * Math.abs(Math.sin(index + 1))) / 10 : index % 10;
}
