import { exampleShape, exampleValues } from '../../core/inference/exampleValues';
import type { JsonValue } from '../../core/inference/tensor';
import type { Signature } from '../../core/model/signature';

/** A plain request that works. */
export function plainExample({ inputs }: Signature): JsonValue {
  return { inputs: Object.fromEntries(inputs.map((spec) => [spec.name, exampleValues(spec)])) };
}

/** An `infer` request that works. */
export function inferExample({ inputs }: Signature): JsonValue {
  const tensors = inputs.map((spec) => {
    const shape = exampleShape(spec.shape);
    return { name: spec.name, datatype: spec.datatype ?? 'FP32', shape, data: exampleValues(spec) };
  });
  return { inputs: tensors };
}
