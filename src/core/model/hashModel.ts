import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../errors';
import { readModelHeader } from './inspectModel';

/**
 * The model file and the files beside it that hold its weights, absolute; the model comes first.
 * @throws UserError `model-unsupported` when a file of weights is outside of the model's folder
 */
export async function modelFiles(path: string, signal?: AbortSignal): Promise<string[]> {
  const folder = dirname(resolve(path));
  const { externalData } = await readModelHeader(path, signal);
  const weights = externalData.map((location) => {
    const file = resolve(folder, location);
    const inside = relative(folder, file);
    if (isAbsolute(inside) || inside === '..' || inside.startsWith(`..${sep}`)) {
      const message = `${basename(path)} keeps weights outside of its folder, in ${location}.`;
      throw new UserError(
        'model-unsupported',
        message,
        'Move the weights beside the model and export it again.',
      );
    }
    return file;
  });
  return [resolve(path), ...weights];
}

const hashes = new Map<string, { stamp: string; hash: string }>();

/**
 * SHA-256 over the model and its weights' files, hexadecimal. Remembered until one of them changes its time or size.
 * @throws UserError as {@link modelFiles} does
 */
export async function hashModel(path: string, signal?: AbortSignal): Promise<string> {
  const files = await modelFiles(path, signal);
  const stamps = await Promise.all(files.map(stampOf));
  const stamp = stamps.join('|');
  const known = hashes.get(files[0] ?? path);
  if (known?.stamp === stamp) return known.hash;
  const digest = createHash('sha256');
  for (const file of files) await pipeline(createReadStream(file), digest, { end: false, signal });
  const hash = digest.digest('hex');
  hashes.set(files[0] ?? path, { stamp, hash });
  return hash;
}

async function stampOf(file: string): Promise<string> {
  const { mtimeMs, size } = await stat(file).catch((error: NodeJS.ErrnoException) => {
    const message = `${basename(file)} is not there: ${error.message}.`;
    throw new UserError('model-missing', message, 'Put it beside the model again.', { cause: error });
  });
  return `${mtimeMs}:${size}`;
}
