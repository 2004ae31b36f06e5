/** Ends of the names of model files, without the dot. */
export const modelExtensions = ['onnx', 'pkl', 'pickle', 'joblib'];

const models = new RegExp(`\\.(${modelExtensions.join('|')})$`, 'i');

export function isModelFile(path: string): boolean {
  return models.test(path);
}

/** Whether a model is Python's: whoever loads it runs what is in it. */
export function isPickle(path: string): boolean {
  return isModelFile(path) && !/\.onnx$/i.test(path);
}
