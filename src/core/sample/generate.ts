import { exampleValues } from '../inference/exampleValues';
import type { Signature } from '../model/signature';
import { layOut } from './samplesFile';

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
