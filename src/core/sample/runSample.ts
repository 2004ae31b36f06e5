import type { Tensor } from '../inference/tensor';
import type { Signature } from '../model/signature';
import { compare } from './compare';
import type { Sample, SampleResult } from './sample';
import { sampleTensors } from './sampleTensors';

/** Whoever predicts: a client of a server, or the editor's own warm servers. */
export interface Inference {
  infer(inputs: Tensor[], signal: AbortSignal): Promise<{ outputs: Tensor[]; milliseconds: number }>;
}

/**
 * Predicts with a sample and holds the outputs against what it expects.
 * @throws SampleError when the sample does not fit the model, and whatever `inference` throws
 */
export async function runSample(
  inference: Inference,
  signature: Signature,
  sample: Sample,
  signal: AbortSignal,
): Promise<SampleResult> {
  const { outputs, milliseconds } = await inference.infer(sampleTensors(signature, sample), signal);
  const mismatches = sample.expected ? compare(sample.expected, outputs, sample) : [];
  return {
    sample: sample.name,
    outputs,
    milliseconds,
    mismatches,
    ...(sample.expected && { pass: mismatches.length === 0 }),
  };
}
