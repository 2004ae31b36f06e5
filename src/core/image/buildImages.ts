import type Docker from 'dockerode';
import type { ServedModel } from '../endpoint/endpoint';
import type { TaskContext } from '../task';
import type { Platform } from './baseImage';
import { ensureImageFor } from './imageFor';
import { buildModelImage } from './modelImage';
import type { PythonImageOptions } from './pythonImage';

/** Ids of the images of one model: one for each kind of machine that is asked for. */
export type Built = readonly [string, ...string[]];

export interface BuildOptions extends Omit<PythonImageOptions, 'platform'> {
  /** The machines that there must be images for; undefined for one image, for those that the base image is for. */
  platforms?: readonly Platform[];
}

/**
 * Makes the images of a model, or finds them. For machines of another kind than the engine's nothing has to run, but for the packages of
 * a model of Python: these only an engine that emulates such machines can install.
 */
export async function buildImages(
  docker: Docker,
  { platforms = [], ...options }: BuildOptions,
  model: ServedModel,
  task: TaskContext,
): Promise<Built> {
  const build = async (platform?: Platform) => {
    const base = await ensureImageFor(docker, { ...options, platform }, model.path, task);
    return (await buildModelImage(docker, base, model, task, platform)).digest;
  };
  const [first, ...others] = platforms;
  const built: [string, ...string[]] = [await build(first)];
  for (const platform of others) built.push(await build(platform));
  return built;
}
