import type Docker from 'dockerode';
import { UserError } from '../errors';
import type { TaskContext } from '../task';
import { asUserError, engineWords, statusOf } from './dockerErrors';
import { inTime } from './inTime';
import { followProgress } from './progress';

/** What the engine knows about an image that it has. */
export function inspectImage(
  docker: Docker,
  image: string,
  signal: AbortSignal,
): Promise<Docker.ImageInspectInfo> {
  // The client can not cancel it.
  return inTime(signal, () => docker.getImage(image).inspect());
}

/** What the engine knows about an image; undefined when it does not have it. */
export async function findImage(
  docker: Docker,
  image: string,
  signal: AbortSignal,
): Promise<Docker.ImageInspectInfo | undefined> {
  try {
    return await inspectImage(docker, image, signal);
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/**
 * Pulls an image unless the engine has it. Cancelled, it leaves nothing.
 * @param setting the setting that names the image, for the words of a refusal
 * @throws UserError `pull-refused` when its registry does not give it
 */
export async function ensureImage(
  docker: Docker,
  image: string,
  setting: string,
  task: TaskContext,
): Promise<Docker.ImageInspectInfo> {
  try {
    const found = await findImage(docker, image, task.signal);
    return found ?? (await pull(docker, image, task));
  } catch (error) {
    task.signal.throwIfAborted();
    const told = asUserError(error, `pull the image ${image}`);
    // From here on the words are the registry's, and their codes mean nothing.
    throw told.code === 'engine-refused' || told.code === 'image-missing'
      ? refused(image, setting, error)
      : told;
  }
}

async function pull(docker: Docker, image: string, task: TaskContext): Promise<Docker.ImageInspectInfo> {
  const { signal } = task;
  task.report(`Pulling ${image}`);
  // Without a tag the engine would pull all of them.
  const named = /[:@][^/]*$/.test(image) ? image : `${image}:latest`;
  const stream = await docker.pull(named, { abortSignal: signal });
  await followProgress(stream, { signal, report: (words) => task.report(`Pulling ${image} (${words})`) });
  return await inspectImage(docker, image, signal);
}

function refused(image: string, setting: string, error: unknown): UserError {
  return new UserError(
    'pull-refused',
    `The image ${image} could not be pulled: ${engineWords(error).replace(/\.?$/, '.')}`,
    `Name an image that this engine has or can pull in ${setting}, or pull it yourself: docker pull ${image}`,
    { cause: error },
  );
}
