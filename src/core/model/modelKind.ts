import { basename, dirname } from 'node:path';

/** Ends of the names of model files, without the dot. */
export const modelExtensions = ['onnx', 'pkl', 'pickle', 'joblib', 'ubj', 'xgb', 'lgb'];

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

/** What a file would be if it is a model; by its name only, as `.json` and `.txt` are much else too. */
export function formOf(path: string): ModelForm {
  return forms.find(([ends]) => ends.test(path))?.[1] ?? 'pickle';
}

/** Whether a file is a model by its name alone. Scripts are not: a `predict.py` may be anything. */
export function isModelFile(path: string): boolean {
  return models.test(path) || formOf(path) === 'mlflow';
}

const models = new RegExp(`\\.(${modelExtensions.join('|')})$`, 'i');

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
  return isFolder(path) ? basename(dirname(path)) : basename(path).replace(/\.[^.]*$/, '');
}
