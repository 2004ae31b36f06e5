import { Tensor as OrtTensor } from 'onnxruntime-node';
import type { FixedArray } from '../../core/inference/datatypes';
import type { Datatype, Tensor } from '../../core/inference/tensor';
import { unpacked } from '../../core/inference/tensorBytes';
import { TensorError } from '../../core/inference/tensorFill';

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

/** Values that no model of ONNX can be given. */
export class UnfitInput extends Error {
  constructor(name: string, what: string) {
    super(`Input "${name}": ${what}.`);
    this.name = 'UnfitInput';
  }
}

/** The same values as onnxruntime takes them, without a copy but for strings. Throws `UnfitInput`. */
export function toOrt(tensor: Tensor): OrtTensor {
  const { datatype, shape, data } = tensor;
  if (datatype === 'BF16') throw new Error('onnxruntime-node can not carry bfloat16 values.');
  const values = datatype === 'BYTES' ? stringsOf(tensor) : (data as FixedArray);
  return new OrtTensor(ortTypes[datatype], values, shape);
}

/** onnxruntime-node ends a string at its first NUL. */
function stringsOf(tensor: Tensor): string[] {
  const texts = textsOf(tensor);
  const missing = texts.indexOf(null);
  if (missing >= 0)
    throw new UnfitInput(tensor.name, `BYTES value ${missing} is missing, and ONNX strings can not be`);
  const strings = texts as string[];
  const cut = strings.findIndex((text) => text.includes('\0'));
  if (cut >= 0)
    throw new UnfitInput(
      tensor.name,
      `BYTES value ${cut} has a NUL character, which ONNX strings can not hold here`,
    );
  return strings;
}

function textsOf(tensor: Tensor): (string | null)[] {
  try {
    return unpacked(tensor).data as (string | null)[];
  } catch (error) {
    throw error instanceof TensorError ? new UnfitInput(tensor.name, error.message) : error;
  }
}

/** An output of onnxruntime, without a copy. */
export function fromOrt(name: string, output: OrtTensor): Tensor {
  const datatype = datatypes.get(output.type);
  if (!datatype) throw new Error(`onnxruntime-node can not carry ${output.type} values.`);
  const { data, dims } = output;
  // Half-precision values have an array type of their own in newer versions of Node.
  const bits = datatype === 'FP16' && ArrayBuffer.isView(data) && !(data instanceof Uint16Array);
  return {
    name,
    datatype,
    shape: [...dims],
    data: bits ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data,
  };
}
