import { engineInfo } from '../../docker/engineFacts';
import { UserError } from '../../errors';
import type { Site } from './site';

/** Throws `config-invalid` where graphics processors are asked for, and the engine has no runtime that gives them. */
export async function checkGpus({ docker, gpus, target }: Site, signal: AbortSignal): Promise<void> {
  if (gpus === undefined) return;
  const { Runtimes = {} } = await engineInfo<{ Runtimes: Record<string, unknown> }>(docker, signal);
  const known = Object.keys(Runtimes);
  if (known.some((name) => /nvidia|amd|rocm|habana/i.test(name))) return;
  throw new UserError(
    'config-invalid',
    `${target} asks for graphics processors, but its engine has no runtime that gives them; it has ${known.join(', ')}.`,
    `Install the NVIDIA Container Toolkit there, or remove "gpus" from ${target} in slipway.json.`,
  );
}
