import { existsSync } from 'node:fs';
import type { Signature } from '../../core/model/signature';
import { generateSamples } from '../../core/sample/generate';
import type { Model } from '../services';
import { writeText } from '../writeText';
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
  const next =
    'Name a place that you can write to in slipway.json ("models": {…, "samples": …}), or copy the model to one.';
  try {
    await writeText(file, text, next, 'wx');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
