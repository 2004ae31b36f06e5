import { basename, dirname } from 'node:path';

/** What joblib appends where it packs. */
const packings = ['z', 'gz', 'bz2', 'xz', 'lzma', 'lz4'];

/** Ends of the names of model files, without the dot. */
export const modelExtensions = [
  'onnx',
  ...['pkl', 'pickle', 'joblib'].flatMap((end) => [end, ...packings.map((packing) => `${end}.${packing}`)]),
  'sav',
  'ubj',
  'xgb',
  'lgb',
];

/** Files that make their folder a model: what MLflow writes, and a script with a function `predict`. */
export const folderFiles = ['MLmodel', 'predict.py'];

/** What a model is kept as. A `booster` is the own format of XGBoost or LightGBM. */
export type ModelForm = 'onnx' | 'pickle' | 'booster' | 'script' | 'mlflow';

const forms: [ends: RegExp, form: ModelForm][] = [
  [/\.onnx$/i, 'onnx'],
  [/(^|[\\/])MLmodel$/, 'mlflow'],
  [/\.py$/i, 'script'],
  [/\.(ubj|xgb|json|lgb|txt)$/i, 'booster'],
];

/**
 * What a file would be if it is a model; by its name only, as `.json` and `.txt` are much else too. What has no known end was named as a
 * model by somebody, and pickles have any end.
 */
export function formOf(path: string): ModelForm {
  return forms.find(([ends]) => ends.test(path))?.[1] ?? 'pickle';
}

/** Whether a file is a model by its name alone. Scripts are not: a `predict.py` may be anything. */
export function isModelFile(path: string): boolean {
  return models.test(path) || formOf(path) === 'mlflow';
}

const packed = `(\\.(${packings.join('|')}))?`;
const models = new RegExp(`\\.(onnx|(pkl|pickle|joblib)${packed}|sav|ubj|xgb|lgb)$`, 'i');
const ends = new RegExp(`\\.((pkl|pickle|joblib)${packed}|[^.]*)$`, 'i');

/** The name of a file without the end that says what it is. */
export function stemOf(path: string): string {
  return basename(path).replace(ends, '');
}

/** Whether the whole folder of this file is the model. */
export function isFolder(path: string): boolean {
  return folderFiles.includes(basename(path));
}

/** Whether Python loads it, which may run what is in it. */
export function isPython(path: string): boolean {
  return formOf(path) !== 'onnx';
}

/** The name that people know a model by: that of its file without the end, or that of its folder. */
export function titleOf(path: string): string {
  return isFolder(path) ? basename(dirname(path)) : stemOf(path);
}
