import { basename, join } from 'node:path';
import { nodeFlags } from '../core/serverRuntime';
import { UserError } from '../core/errors';
import { inspectModel } from '../core/model/inspectModel';
import { isPython } from '../core/model/modelKind';
import type { Signature } from '../core/model/signature';
import type { ServerOptions } from './options';
import { arrayTypeOf, countOf } from '../core/inference/datatypes';
import { checkSupported } from './supported';
import type { OutgoingTensor } from './worker/frames';
import { childProcess, type Launch } from './worker/launch';
import { sealedContainer } from './worker/sealed';

/** What runs a model of one kind. */
export interface Backend {
  launch: Launch;
  /** Where the worker finds the model. */
  model: string;
  /** What the file says about the model; absent where only its worker can say it. */
  known?: { signature: Signature; platform: string };
  /** What the model can be run with before anybody asks it. */
  warmUp?: OutgoingTensor[];
}

/** The backend for a model, by its file. Throws `UserError` when the file says that it can not be served. */
export async function backendFor(options: ServerOptions): Promise<Backend> {
  if (!isPython(options.model)) return onnx(options);
  if (options.workerImage) return sealed(options, options.workerImage);
  return {
    model: options.model,
    launch: childProcess(options.python, ['-u', join(__dirname, 'python', 'worker.py')], {
      PYTHONDONTWRITEBYTECODE: '1',
    }),
  };
}

/** Where images have their model: as `buildModelImage` puts it there. */
const modelFolder = '/slipway/model';

function sealed({ model, name, dockerHost, workerMemoryMib }: ServerOptions, image: string): Backend {
  const memoryMiB = workerMemoryMib || sealedMemoryMiB;
  return {
    model: `${modelFolder}/${basename(model)}`,
    launch: sealedContainer({ host: dockerHost, image, name, memoryMiB }),
  };
}

/** A model from who knows where gets no more by default, in MiB. */
const sealedMemoryMiB = 2048;

async function onnx({ model, signature: given }: ServerOptions): Promise<Backend> {
  if (given)
    throw new UserError(
      'model-unsupported',
      `${basename(model)} says itself what it takes and gives: an ONNX file can not be given another signature.`,
      'Leave the signature out.',
    );
  const { signature } = await inspectModel(model);
  checkSupported(signature);
  return {
    model,
    launch: childProcess(process.execPath, [...nodeFlags, join(__dirname, 'onnxWorker.js')]),
    known: { signature, platform: 'onnxruntime_onnx' },
    warmUp: zerosFor(signature),
  };
}

/** A model whose first run is with more values than this is not warmed up. */
const mostZeros = 2 ** 20;

/** Zeros, or empty words, in the smallest shapes that the inputs may have; undefined where the model does not state them. */
function zerosFor({ inputs }: Signature): OutgoingTensor[] | undefined {
  const tensors: OutgoingTensor[] = [];
  for (const { name, datatype, shape: stated } of inputs) {
    if (!datatype || !stated) return undefined;
    const shape = stated.map((size) => (typeof size === 'number' ? size : 1));
    const count = countOf(shape);
    if (count > mostZeros) return undefined;
    const data =
      datatype === 'BYTES' ? new Array<string>(count).fill('') : new (arrayTypeOf(datatype))(count);
    tensors.push({ name, datatype, shape, parts: [data] });
  }
  return tensors;
}
