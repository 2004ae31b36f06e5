import { engineVersion } from '../../docker/engineFacts';
import { UserError } from '../../errors';
import type { Platform } from '../../image/baseImage';
import type { Site } from './site';

/**
 * Throws unless an engine's machine is of a kind that images are made for.
 * @param platforms undefined when they are made for any
 * @throws UserError `engine-refused`
 */
export async function checkPlatforms(
  { docker, target }: Site,
  platforms: readonly Platform[] | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (!platforms) return;
  const { Os, Arch } = await engineVersion(docker, signal);
  const own = `${Os}/${Arch}`;
  if (platforms.some((platform) => platform === own)) return;
  throw new UserError(
    'engine-refused',
    `The engine of ${target} runs on ${own}, but in slipway.json the target is for ${platforms.join(' and ')}.`,
    `Name an engine that runs on ${platforms.join(' or ')}, or ${own} in "platform" or "platforms".`,
  );
}
