import { UserError } from '../core/errors';
import type { Signature, TensorSpec } from '../core/model/signature';

/**
 * Throws `UserError` `model-unsupported` for values that onnxruntime-node can not carry. Looked at before the model is loaded,
 * because some of them (int4 and uint4) abort the process that runs it.
 */
export function checkSupported({ inputs, outputs }: Signature): void {
  for (const spec of inputs) if (!canCarry(spec)) throw unsupported('Input', spec);
  // A model need not say of what type its outputs are: that shows when it runs.
  for (const spec of outputs)
    if (!canCarry(spec) && spec.type !== 'unknown') throw unsupported('Output', spec);
}

function canCarry({ datatype }: TensorSpec): boolean {
  return datatype !== undefined && datatype !== 'BF16';
}

function unsupported(role: string, { name, type }: TensorSpec): UserError {
  const next = type.includes('map(')
    ? "Export the model with arrays instead of maps: with skl2onnx, options={'zipmap': False}."
    : `Export the model with another type for "${name}", such as a tensor of float32 or int32.`;
  return new UserError(
    'model-unsupported',
    `${role} "${name}" is of type ${type}, which the ONNX runtime for Node can not carry.`,
    next,
  );
}
