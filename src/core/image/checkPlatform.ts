import type Docker from 'dockerode';
import { UserError } from '../errors';

/** A kind of machine that images can be made for. */
export type Platform = 'linux/amd64' | 'linux/arm64';

/**
 * Throws unless an image that the engine has runs on machines of a kind.
 * @param wanted undefined when any will do
 * @throws UserError `build-failed`
 */
export async function checkPlatform(
  docker: Docker,
  image: string,
  wanted: Platform | undefined,
): Promise<void> {
  if (wanted === undefined) return;
  const { Os, Architecture } = await docker.getImage(image).inspect();
  const found = `${Os}/${Architecture}`;
  if (found === wanted) return;
  throw new UserError(
    'build-failed',
    `The image would be for ${found}, but "platform" of the target in slipway.json is ${wanted}.`,
    `Name a base image for ${wanted} in slipway.image.nodeBase (for pickles slipway.image.pythonBase), or build on an engine that runs on ${wanted}.`,
  );
}
