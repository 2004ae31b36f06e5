import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { UserError } from '../../core/errors';
import { fileReason } from '../../core/fileErrors';
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

function notWritable(file: string, cause: unknown): UserError {
  const { code } = cause as NodeJS.ErrnoException;
  return new UserError(
    code === 'ENOSPC' ? 'disk-full' : 'not-writable',
    `${file} could not be written: ${fileReason(cause)}.`,
    'Name a place that you can write to in slipway.json ("models": {…, "samples": …}), or copy the model to one.',
    { cause },
  );
}
