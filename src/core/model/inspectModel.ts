import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { messageOf, UserError } from '../errors';
import { FileWindow } from './fileWindow';
import { WireError } from './protobuf';
import { readOnnx, type OnnxHeader } from './readOnnx';
import type { ModelDescription } from './signature';

const lfsPointer = 'version https://git-lfs';

/**
 * What a model file says about itself, without running it. Costs milliseconds and kilobytes whatever its size.
 * @throws UserError `model-missing` when there is no such file, `model-broken` when it is no model
 */
export async function inspectModel(path: string, signal?: AbortSignal): Promise<ModelDescription> {
  return (await readModelHeader(path, signal)).description;
}

/** {@link inspectModel}, with the names of the files that hold the weights. */
export async function readModelHeader(path: string, signal?: AbortSignal): Promise<OnnxHeader> {
  signal?.throwIfAborted();
  const name = basename(path);
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') {
      throw new UserError(
        'model-missing',
        `${name} is not there any more.`,
        'Restore the file or choose another model.',
      );
    }
    throw new UserError(
      'model-broken',
      `${name} can not be read: ${error.message}.`,
      'Check its permissions.',
      {
        cause: error,
      },
    );
  });
  try {
    const { size } = await file.stat();
    const window = new FileWindow(file, size);
    if (size === 0) throw broken(name, 'it is empty', 'Export the model again.');
    const start = (await window.slice(0, Math.min(size, lfsPointer.length))).toString();
    if (start === lfsPointer) {
      throw broken(name, 'it is a Git LFS pointer, not the model itself', 'Run `git lfs pull`.');
    }
    return await readOnnx(window, signal);
  } catch (error) {
    if (error instanceof WireError) throw notOnnx(name, error);
    if (error instanceof UserError || signal?.aborted) throw error;
    throw broken(name, messageOf(error), 'Check that the file can be read.');
  } finally {
    await file.close();
  }
}

function broken(name: string, why: string, next: string, cause?: unknown): UserError {
  return new UserError('model-broken', `${name} can not be read as a model: ${why}.`, next, { cause });
}

function notOnnx(name: string, cause: WireError): UserError {
  const next = 'Export it again, or copy it again if a copy broke off.';
  return broken(name, `it is not a whole ONNX file (${cause.message})`, next, cause);
}
