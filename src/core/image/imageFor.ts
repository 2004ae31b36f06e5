import type Docker from 'dockerode';
import { isPython } from '../model/modelKind';
import type { TaskContext } from '../task';
import { ensurePythonImage, type PythonImageOptions } from './pythonImage';
import { ensureRuntimeImage } from './runtimeImage';

/** The image that this model's own layer stands on. Resolves to its tag. */
export function ensureImageFor(
  docker: Docker,
  options: PythonImageOptions,
  path: string,
  task: TaskContext,
): Promise<string> {
  return isPython(path)
    ? ensurePythonImage(docker, options, path, task)
    : ensureRuntimeImage(docker, options, task);
}
