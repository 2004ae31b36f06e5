import { basename, dirname } from 'node:path';

/** Ends of the names of model files, without the dot. */
export const modelExtensions = ['onnx', 'pkl', 'pickle', 'joblib'];

const models = new RegExp(`\\.(${modelExtensions.join('|')})$`, 'i');

/** The file that makes a folder a model of MLflow: all of the folder is the model. */
export const mlflowFile = 'MLmodel';

export function isModelFile(path: string): boolean {
  return models.test(path) || isMlflow(path);
}

export function isMlflow(path: string): boolean {
  return basename(path) === mlflowFile;
}

/** Whether a model is Python's: whoever loads it runs what is in it. */
export function isPickle(path: string): boolean {
  return isModelFile(path) && !/\.onnx$/i.test(path);
}

/** The name that people know a model by: that of its file without the end, or that of its folder. */
export function titleOf(path: string): string {
  return isMlflow(path) ? basename(dirname(path)) : basename(path).replace(/\.[^.]*$/, '');
}
