import type { Tensor } from '../../src/core/inference/tensor';
import { inspectModel } from '../../src/core/model/inspectModel';

/** The first iris as the model's input. */
export async function irisRow(model: string): Promise<Tensor> {
  const { signature } = await inspectModel(model);
  const name = signature.inputs[0]?.name ?? '';
  return { name, datatype: 'FP32', shape: [1, 4], data: Float32Array.of(5.1, 3.5, 1.4, 0.2) };
}
