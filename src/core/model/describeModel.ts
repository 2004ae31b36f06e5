import { stat } from 'node:fs/promises';
import { inspectModel } from './inspectModel';
import { isPickle } from './modelKind';
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
  const scan = await scanPickle(path, signal);
  return { kind: 'pickle', size: (await stat(path)).size, scan };
}
