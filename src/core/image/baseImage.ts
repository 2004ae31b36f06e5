import type Docker from 'dockerode';
import { engineVersion } from '../docker/engineFacts';
import { ensureImage, findImage, inspectImage } from '../docker/images';
import { UserError, messageOf } from '../errors';
import type { TaskContext } from '../task';
import { manifestFor } from './registry/imageIndex';
import { openRegistry } from './registry/openRegistry';
import { pullFrom } from './registry/pullFrom';
import { nameOf, parseImage } from './registry/repository';

/** A kind of machine that images can be made for. */
export type Platform = 'linux/amd64' | 'linux/arm64';

/** An image that others are built on. */
export interface Base {
  /** What the engine knows it by. */
  name: string;
  info: Docker.ImageInspectInfo;
}

interface Wanted {
  image: string;
  /** Names the image, for words. */
  setting: string;
  /** Undefined when any will do. */
  platform?: Platform;
}

/**
 * Makes an engine have an image for machines of a kind. Where the image that the engine has by this name is for others, its sibling is
 * pulled from its registry by digest, so that the name stays with the one that has it.
 * @throws UserError `build-failed` when there is none for these machines, else as {@link ensureImage} does
 */
export async function ensureBase(
  docker: Docker,
  { image, setting, platform }: Wanted,
  task: TaskContext,
): Promise<Base> {
  const own = await ensureImage(docker, image, setting, task);
  if (platform === undefined || platformOf(own) === platform) return { name: image, info: own };
  try {
    const name = await findSibling(docker, image, own, platform, task.signal);
    await pullFrom(docker, name, task, platform);
    return { name, info: await inspectImage(docker, name, task.signal) };
  } catch (error) {
    task.signal.throwIfAborted();
    const why = messageOf(error).replace(/\.?$/, '.');
    throw new UserError(
      'build-failed',
      `The image ${image} is for ${platformOf(own)}, and for ${platform} Slipway can not get it: ${why}`,
      `Name an image in ${setting} that its registry has for ${platform}, or change "platform" or "platforms" of the target in slipway.json.`,
      { cause: error, why },
    );
  }
}

/** `linux/amd64` */
export function platformOf({ Os, Architecture }: Docker.ImageInspectInfo): string {
  return `${Os}/${Architecture}`;
}

/** The machines that images are for which an engine makes unless told: those of the base image, where it has that already. */
export async function enginePlatform(docker: Docker, base: string, signal: AbortSignal): Promise<string> {
  const found = await findImage(docker, base, signal);
  if (found) return platformOf(found);
  const { Os, Arch } = await engineVersion(docker, signal);
  return `${Os}/${Arch}`;
}

/** The place of an image's sibling for other machines: in the same index, where the engine knows from which one it has the image. */
async function findSibling(
  docker: Docker,
  image: string,
  own: Docker.ImageInspectInfo,
  platform: Platform,
  signal: AbortSignal,
): Promise<string> {
  const { repository, reference } = parseImage(image);
  const name = nameOf(repository);
  const known = own.RepoDigests.map(parseImage).filter((each) => nameOf(each.repository) === name);
  const registry = await openRegistry(docker, repository, signal);
  // What the engine pushed itself it knows without the index that was made of it later: that has the tag.
  for (const each of [...known.map((found) => found.reference), reference]) {
    const manifest = await registry.manifest(each, signal);
    const digest = manifest && manifestFor(manifest.bytes, platform);
    if (digest !== undefined) return `${name}@${digest}`;
  }
  throw new Error(`${repository.host} does not have it for such machines.`);
}
