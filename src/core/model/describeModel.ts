import { stat } from 'node:fs/promises';
import { inspectModel } from './inspectModel';
import { UserError } from '../errors';
import { modelFiles } from './hashModel';
import { isMlflow, isPickle, titleOf } from './modelKind';
import type { PickleScan } from './pickle/pickleScan';
import { scanPickle } from './pickle/scanPickle';
import type { OnnxDescription } from './signature';

/** What a pickle says about itself without being loaded. What it takes and gives is known only once it runs. */
export interface PickleDescription {
  kind: 'pickle';
  signature?: undefined;
  /** Bytes of the file. */
  size: number;
  scan: PickleScan;
}

export type ModelDescription = OnnxDescription | PickleDescription;

/**
 * What a model file says about itself: nothing of it is loaded or run.
 * @throws UserError `model-missing` when there is no such file, `model-broken` when it is no model
 */
export async function describeModel(path: string, signal?: AbortSignal): Promise<ModelDescription> {
  if (!isPickle(path)) return inspectModel(path, signal);
  const file = isMlflow(path) ? await pickleIn(path, signal) : path;
  const scan = await scanPickle(file, signal);
  return { kind: 'pickle', size: (await stat(file)).size, scan };
}

/** What MLflow loads of a folder, if it is a pickle: whoever loads the folder loads that. */
export async function pickleIn(mlmodel: string, signal?: AbortSignal): Promise<string> {
  const files = (await modelFiles(mlmodel, signal)).filter((file) => file !== mlmodel && isPickle(file));
  const [file] = files;
  if (file && files.length === 1) return file;
  throw new UserError(
    'model-unsupported',
    `${titleOf(mlmodel)} is a model of MLflow ${file ? 'with several pickles' : 'without a pickle'}, which can not be looked into yet.`,
    'Serve it with the server itself: node server.js --model FOLDER.',
  );
}
