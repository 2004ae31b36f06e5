import { Tensor as OrtTensor } from 'onnxruntime-node';
import type { Datatype, Tensor } from '../../core/inference/tensor';

const ortTypes: Record<Exclude<Datatype, 'BF16'>, OrtTensor.Type> = {
  BOOL: 'bool',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  FP32: 'float32',
  FP64: 'float64',
  BYTES: 'string',
};
const datatypes = new Map(Object.entries(ortTypes).map(([datatype, type]) => [type, datatype as Datatype]));

/** The same values as onnxruntime takes them, without a copy. */
export function toOrt(tensor: Tensor): OrtTensor {
  if (tensor.datatype === 'BF16') throw new Error('onnxruntime-node can not carry bfloat16 values.');
  return new OrtTensor(ortTypes[tensor.datatype], tensor.data, tensor.shape);
}

/** An output of onnxruntime, without a copy. */
export function fromOrt(name: string, output: OrtTensor): Tensor {
  const datatype = datatypes.get(output.type);
  if (!datatype) throw new Error(`onnxruntime-node can not carry ${output.type} values.`);
  return { name, datatype, shape: [...output.dims], data: output.data };
}
