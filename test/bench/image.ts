import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import { dataFromBytes, bytesOf } from '../../src/core/inference/tensorBytes';
import { dataText, nestedData, stringifyJson } from '../../src/core/inference/tensorJson';
import type { Tensor } from '../../src/core/inference/tensor';
import { type Answer, type Contestant, json, type Question } from './contestant';
import { measureContest } from './contest';
import { ocrModel } from './ocrModel';
import { fastapiWithOnnx, type PeerId } from './peers';
import { reasonIn } from './reason';
import { serve } from './slipway';

const shape = [1, 3, 48, 160];
const bytes = { 'content-type': 'application/octet-stream' };
const jsonLength = 'inference-header-content-length';
/** How far a score may be from onnxruntime's in this process. */
const tolerance = 1e-4;

/** The model server on a model of 10.8 MB whose input is an image, against the same onnxruntime behind FastAPI: as bytes and as JSON. */
export async function measureImage(peers: PeerId[], seconds: number): Promise<void> {
  const model = await ocrModel().catch((error: Error) => {
    process.stdout.write(`The image model is not measured: ${reasonIn(error.message)}\n\n`);
    return undefined;
  });
  if (model === undefined) return;
  const { image, scores } = await example(model);
  const peer = (workers: number, question: Question) =>
    peers.includes('fastapi') ? [fastapiWithOnnx(model, shape, workers, question)] : [];
  const ours = (name: string, question: Question, instances = 1): Contestant => ({
    name: instances === 1 ? name : `${name}, ${instances} instances`,
    start: (folder) =>
      serve(model, folder, (url) => [{ ...question, url: `${url}${question.url}` }], [
        '--instances',
        String(instances),
      ]),
  });
  const title = 'text in an image, 10.8 MB';

  const asBytes = plainBytes(image, scores);
  await measureContest(
    `${title}, bytes`,
    [
      ...peer(1, asBytes),
      ...peer(2, asBytes),
      ours('Slipway, /v2', binaryTensors(image, scores)),
      ours('Slipway, /v2', binaryTensors(image, scores), 2),
    ],
    [
      { heading: 'ours is', name: 'Slipway, /v2' },
      { heading: 'by 2', name: 'Slipway, /v2, 2 instances' },
    ],
    seconds,
  );

  const nested = (url: string, key: string): Question => ({
    url,
    headers: json,
    body: stringifyJson({ inputs: key ? { [key]: nestedData(image) } : nestedData(image) }),
    verify: ({ body }) => compare(numbersIn(JSON.parse(body.toString())), scores),
  });
  await measureContest(
    `${title}, JSON`,
    [
      ...peer(1, nested('/json', '')),
      ...peer(2, nested('/json', '')),
      ours('Slipway, /predict', nested('/predict', image.name)),
      ours('Slipway, /predict', nested('/predict', image.name), 2),
      ours('Slipway, /v2', flatJson(image, scores)),
    ],
    [
      { heading: 'ours is', name: 'Slipway, /predict' },
      { heading: 'by 2', name: 'Slipway, /predict, 2 instances' },
    ],
    seconds,
  );
}

/** An image of stripes, as the model takes one (channels first, from -1 to 1), and what onnxruntime makes of it. */
async function example(model: string): Promise<{ image: Tensor; scores: Float32Array }> {
  const [, , height = 0, width = 0] = shape;
  const data = Float32Array.from({ length: 3 * height * width }, (_, at) => {
    const [channel, y, x] = [Math.floor(at / height / width), Math.floor(at / width) % height, at % width];
    const pixel = (x * 7 + y * 3 + channel * 40) % 256;
    return pixel / 127.5 - 1;
  });
  const session = await InferenceSession.create(model);
  const name = session.inputNames[0] ?? '';
  const outputs = await session.run({ [name]: new OnnxTensor('float32', data, shape) });
  const scores = outputs[session.outputNames[0] ?? '']?.data as Float32Array;
  await session.release();
  return { image: { name, datatype: 'FP32', shape, data }, scores };
}

/** The values alone, both ways. */
function plainBytes({ data }: Tensor, scores: Float32Array): Question {
  return {
    url: '/bytes',
    headers: bytes,
    body: Buffer.from(bytesOf(data)),
    verify: ({ body }) => compare(floats(body), scores),
  };
}

/** The binary tensors of the Open Inference Protocol, both ways. */
function binaryTensors(image: Tensor, scores: Float32Array): Question {
  const values = bytesOf(image.data);
  const { name, datatype } = image;
  const parameters = { binary_data_size: values.byteLength };
  const head = Buffer.from(
    JSON.stringify({
      parameters: { binary_data_output: true },
      inputs: [{ name, datatype, shape, parameters }],
    }),
  );
  return {
    url: '/v2/models/model/infer',
    headers: { ...bytes, [jsonLength]: String(head.length) },
    body: Buffer.concat([head, values]),
    verify: ({ headers, body }: Answer) =>
      compare(floats(body.subarray(Number(headers.get(jsonLength)))), scores),
  };
}

/** The JSON of the Open Inference Protocol, with flat values as its clients send them. */
function flatJson(image: Tensor, scores: Float32Array): Question {
  const head = JSON.stringify({ name: image.name, datatype: image.datatype, shape });
  return {
    url: '/v2/models/model/infer',
    headers: json,
    body: `{"inputs":[${head.slice(0, -1)},"data":${dataText(image)}}]}`,
    verify: ({ body }) => {
      const { outputs } = JSON.parse(body.toString()) as { outputs: { data: number[] }[] };
      compare(outputs[0]?.data ?? [], scores);
    },
  };
}

function floats(body: Buffer): Float32Array {
  const count = body.length / Float32Array.BYTES_PER_ELEMENT;
  return dataFromBytes('FP32', [count], body) as Float32Array;
}

/** All numbers of a JSON value in their order. */
function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return Object.values(value as object).flatMap(numbersIn);
}

function compare(given: ArrayLike<number>, expected: Float32Array): void {
  if (given.length !== expected.length)
    throw new Error(`it gives ${given.length} values where the model gives ${expected.length}`);
  const at = expected.findIndex((value, index) => !(Math.abs(value - (given[index] ?? NaN)) <= tolerance));
  if (at >= 0) throw new Error(`value ${at} is ${given[at]} where the model gives ${expected[at]}`);
}
