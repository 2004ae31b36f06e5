import { UserError } from '../core/errors';
import type { Signature, TensorSpec } from '../core/model/signature';

/**
 * Throws `UserError` `model-unsupported` for values that onnxruntime-node can not carry. Looked at before the model is loaded,
 * because some of them (int4 and uint4) abort the process that runs it.
 */
export function checkSupported({ inputs, outputs }: Signature): void {
  for (const [role, specs] of [['Input', inputs] as const, ['Output', outputs] as const]) {
    for (const spec of specs) {
      if (canCarry(spec)) continue;
      throw new UserError(
        'model-unsupported',
        `${role} "${spec.name}" is of type ${spec.type}, which the ONNX runtime for Node can not carry.`,
        `Export the model with another type for "${spec.name}", such as float32 or int32.`,
      );
    }
  }
}

function canCarry({ datatype }: TensorSpec): boolean {
  return datatype !== undefined && datatype !== 'BF16';
}
