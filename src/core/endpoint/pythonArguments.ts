import { checkEngine } from '../docker/checkEngine';
import { connect, engineAddress } from '../docker/connect';
import { UserError } from '../errors';
import { buildModelImage } from '../image/modelImage';
import { ensurePythonImage, type PythonImageOptions } from '../image/pythonImage';
import { hashModel } from '../model/hashModel';
import { isPython, titleOf } from '../model/modelKind';
import type { TaskContext } from '../task';

/** Where models of Python are loaded: in a container without network, or as a process that may do all that the user may. */
export type PythonPlace = 'container' | 'process';

/** Read anew each time, so that it may be an object whose properties follow the settings. */
export interface PythonOptions extends PythonImageOptions {
  /** Address of the Docker engine; empty for `DOCKER_HOST` or the usual socket. */
  readonly host: string;
  /** Where this model is to be loaded. Throws `UserError` when it is not to be loaded at all. */
  pythonPlace(path: string): Promise<PythonPlace>;
  /** The interpreter for a model that is loaded as a process. */
  pythonPath(path: string): Promise<string>;
}

/** What a server on this machine is told about where its model is loaded; nothing for models that are only data. */
export async function pythonArguments(
  path: string,
  options: PythonOptions,
  task: TaskContext,
): Promise<string[]> {
  if (!isPython(path)) return [];
  if ((await options.pythonPlace(path)) === 'process') return ['--python', await options.pythonPath(path)];
  const { host } = options;
  const docker = connect(host);
  try {
    await checkEngine(docker, engineAddress(host), task.signal);
  } catch (error) {
    task.signal.throwIfAborted();
    throw noContainer(path, error);
  }
  const packages = await ensurePythonImage(docker, options, path, task);
  const model = { name: titleOf(path), path, hash: await hashModel(path, task.signal) };
  const { digest } = await buildModelImage(docker, packages, model, task);
  return ['--worker-image', digest, '--docker-host', host];
}

function noContainer(path: string, cause: unknown): UserError {
  const name = titleOf(path);
  const why = cause instanceof UserError ? (cause.why ?? cause.message) : 'no Docker engine can be used.';
  return new UserError(
    'engine-unreachable',
    `Loading ${name} runs code that is in it, which is done in a container without network; but ${why}`,
    `Start Docker. If you trust the file, let it run as a process: "run": "process" for the model in slipway.json.`,
    { cause, why },
  );
}
