import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { UserError } from '../errors';

const predict = /^(async\s+)?def\s+predict\s*\(|^predict\s*=|^from\s.*\bimport\b.*\bpredict\b/m;
const signature = /^signature\s*[:=]/m;

/** Throws `UserError` `model-broken` when a script has no function `predict`. It is looked at, not run. */
export async function checkScript(path: string): Promise<void> {
  if (predict.test(await readFile(path, 'utf8'))) return;
  throw new UserError(
    'model-broken',
    `${basename(path)} has no function predict.`,
    'Write predict(model, inputs), and load() for what it is to be given as model.',
  );
}

/** Whether a script is written to be served: any project may have a `predict.py`. */
export async function isServable(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return predict.test(text) && signature.test(text);
}
