import { open, stat, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { messageOf, UserError } from '../errors';
import { FileWindow } from './fileWindow';
import { readOnnx } from './readOnnx';
import type { OnnxDescription } from './signature';
import { WireError } from './wireError';

const lfsPointer = 'version https://git-lfs';

/**
 * What a model file says about itself, without running it. Costs milliseconds and kilobytes whatever its size.
 * @throws UserError `model-missing` when there is no such file, `model-broken` when it is no model
 */
export function inspectModel(path: string, signal?: AbortSignal): Promise<OnnxDescription> {
  return readModel(path, (window) => readOnnx(window, signal), signal);
}

/** Opens a model file for `read`, and says in words what is wrong with the file when that fails. */
export async function readModel<T>(
  path: string,
  read: (window: FileWindow) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  const name = basename(path);
  const file = await openFile(path, name);
  try {
    const { size } = await file.stat();
    const window = new FileWindow(file, size);
    if (size === 0) throw broken(name, 'it is empty', 'Export the model again.');
    const start = (await window.slice(0, Math.min(size, lfsPointer.length))).toString();
    if (start === lfsPointer) {
      throw broken(name, 'it is a Git LFS pointer, not the model itself', 'Run `git lfs pull`.');
    }
    return await read(window);
  } catch (error) {
    if (error instanceof WireError) throw notOnnx(name, error);
    const failedToRead = (error as NodeJS.ErrnoException).syscall !== undefined;
    throw failedToRead ? broken(name, messageOf(error), 'Check that the file can be read.', error) : error;
  } finally {
    await file.close();
  }
}

async function openFile(path: string, name: string): Promise<FileHandle> {
  try {
    // Asked first: to open a named pipe would wait for whoever writes to it.
    if (!(await stat(path)).isFile()) throw broken(name, 'it is no file', 'Choose a model file.');
    return await open(path);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      const next = 'Restore the file or choose another model.';
      throw new UserError('model-missing', `${name} is not there any more.`, next, { cause: error });
    }
    throw broken(name, messageOf(error), 'Check its permissions.', error);
  }
}

function broken(name: string, why: string, next: string, cause?: unknown): UserError {
  return new UserError('model-broken', `${name} can not be read as a model: ${why}.`, next, { cause });
}

function notOnnx(name: string, cause: WireError): UserError {
  const next = 'Export it again, or copy it again if a copy broke off.';
  return broken(name, `it is not a whole ONNX file (${cause.message})`, next, cause);
}
