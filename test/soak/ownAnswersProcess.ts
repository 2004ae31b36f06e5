/** Runs each request on a model by onnxruntime itself and sends the answers back. */
import '../../src/server/onnx/prepare';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Datatype } from '../../src/core/inference/tensor';
import type { Named } from '../conformance/ask';
import { bytesFrom, valuesFrom } from '../conformance/tensorProto';
import type { Question } from './ownAnswers';

type Fixed = { new (buffer: ArrayBuffer): Tensor['data'] };

const types: [Datatype, Tensor.Type, Fixed?][] = [
  ['BOOL', 'bool', Uint8Array],
  ['UINT8', 'uint8', Uint8Array],
  ['UINT16', 'uint16', Uint16Array],
  ['UINT32', 'uint32', Uint32Array],
  ['UINT64', 'uint64', BigUint64Array],
  ['INT8', 'int8', Int8Array],
  ['INT16', 'int16', Int16Array],
  ['INT32', 'int32', Int32Array],
  ['INT64', 'int64', BigInt64Array],
  ['FP16', 'float16', Uint16Array],
  ['FP32', 'float32', Float32Array],
  ['FP64', 'float64', Float64Array],
  ['BYTES', 'string'],
];

function toRuntime(tensor: Named): Tensor {
  const [, type, Data] = types.find(([datatype]) => datatype === tensor.datatype) as (typeof types)[number];
  const data = Data ? new Data(new Uint8Array(bytesFrom(tensor)).buffer) : (tensor.values as string[]);
  return new Tensor(type, data, tensor.shape);
}

function fromRuntime(name: string, { type, dims, data }: Tensor): Named {
  const [datatype] = types.find(([, known]) => known === type) as (typeof types)[number];
  if (type === 'string') return { name, datatype, shape: [...dims], values: data as string[] };
  const { buffer, byteOffset, byteLength } = data as Uint8Array;
  const values = valuesFrom(datatype, Buffer.from(buffer, byteOffset, byteLength));
  return { name, datatype, shape: [...dims], values };
}

async function answer({ model, requests }: Question): Promise<void> {
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1 });
  const answers: Named[][] = [];
  for (const inputs of requests) {
    const results = await session.run(
      Object.fromEntries(inputs.map((input) => [input.name, toRuntime(input)])),
    );
    answers.push(session.outputNames.map((name) => fromRuntime(name, results[name] as Tensor)));
  }
  process.send?.(answers, () => process.disconnect());
}

process.once('message', (question) => void answer(question as Question));
