import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { messageOf, UserError } from '../../core/errors';
import type { Signature } from '../../core/model/signature';
import { generateSamples } from '../../core/sample/generate';
import type { Model } from '../services';
import { brokenModel } from './samplesModel';

/**
 * Makes the samples file of a model from its signature. Resolves to false, and changes nothing, when there is one already.
 * @param ask finds out the signature of a model whose file does not say it
 */
export async function createSamplesFile(model: Model, ask: () => Promise<Signature>): Promise<boolean> {
  if (!model.description) throw brokenModel(model);
  const file = model.samples.fsPath;
  if (existsSync(file)) return false;
  const text = generateSamples(model.description.signature ?? (await ask()));
  try {
    // Where the folder is there but can not be written, as under /proc, a recursive `mkdir` never ends.
    if (!existsSync(path.dirname(file))) await mkdir(path.dirname(file), { recursive: true });
  } catch (error) {
    throw notWritable(file, error);
  }
  try {
    await writeFile(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw notWritable(file, error);
  }
}

const reasons: Record<string, string> = {
  EACCES: 'you may not write there',
  EEXIST: 'a part of this path is a file, not a folder',
  EDQUOT: 'the disk quota is used up',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of this path is a file, not a folder',
  EPERM: 'you may not write there',
  EROFS: 'the file system is read-only',
};

function notWritable(file: string, cause: unknown): UserError {
  const { code } = cause as NodeJS.ErrnoException;
  const why = reasons[code ?? ''] ?? messageOf(cause);
  return new UserError(
    code === 'ENOSPC' ? 'disk-full' : 'not-writable',
    `${file} could not be written: ${why}.`,
    'Name a place that you can write to in slipway.json ("models": {…, "samples": …}), or copy the model to one.',
    { cause },
  );
}
