import type Docker from 'dockerode';
import { stat, statfs } from 'node:fs/promises';
import { hostname } from 'node:os';
import { isLocal } from '../docker/connect';
import { makeRoom } from '../docker/dockerErrors';
import { engineInfo } from '../docker/engineFacts';
import { inTime } from '../docker/inTime';
import { labels } from '../docker/labels';
import type { ServedModel } from '../endpoint/endpoint';
import { UserError } from '../errors';
import { modelFiles } from '../model/hashModel';
import { size } from '../model/sizeWords';

/**
 * What has to be free beside the model, in bytes: an image has layers of a server too, and a container writes a log. Most builds need more;
 * so little is asked for that nobody is refused whose build may end well.
 */
const MARGIN = 64 * 1024 * 1024;

/** How many bytes are free on the disk of a folder. Rejects where nobody can say it. */
export type FreeSpace = (folder: string) => Promise<number>;

/**
 * Throws `disk-full` where the image of a model does not fit on the disk of its engine. Engines do not say how much is free there, so that
 * only the disks of those on this machine are looked at.
 * @param host address of the engine as in the setting
 */
export async function checkDisk(
  docker: Docker,
  host: string,
  model: ServedModel,
  signal: AbortSignal,
  freeSpace: FreeSpace = freeSpaceOf,
): Promise<void> {
  const root = isLocal(host) ? await rootOf(docker, signal) : undefined;
  if (root === undefined || (await hasImage(docker, model, signal))) return;
  const needed = (await sizeOf(model, signal)) + MARGIN;
  const free = await freeSpace(root).catch(() => undefined);
  if (free === undefined || free >= needed) return;
  throw new UserError(
    'disk-full',
    `The disk of the Docker engine has ${size(free)} free at ${root}, but the image of ${model.name} needs ${size(needed)}.`,
    `${makeRoom}, or move the engine's "data-root" to a larger disk.`,
  );
}

/** Where an engine keeps its images; undefined of one on another machine, which a socket may lead to as well: into that of Docker Desktop. */
async function rootOf(docker: Docker, signal: AbortSignal): Promise<string | undefined> {
  const { Name, DockerRootDir } = await engineInfo<{ Name: string; DockerRootDir: string }>(docker, signal);
  return Name === hostname() ? DockerRootDir : undefined;
}

async function hasImage(docker: Docker, { hash }: ServedModel, signal: AbortSignal): Promise<boolean> {
  const label = [`${labels.kind}=model`, `${labels.modelHash}=${hash}`];
  const found = await inTime(signal, (abortSignal) => docker.listImages({ filters: { label }, abortSignal }));
  return found.length > 0;
}

async function sizeOf({ path }: ServedModel, signal: AbortSignal): Promise<number> {
  const files = await modelFiles(path, signal);
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, each) => sum + each, 0);
}

/** With what is kept for root, as whom most engines run. */
async function freeSpaceOf(folder: string): Promise<number> {
  const { bfree, bsize } = await statfs(folder);
  return bfree * bsize;
}
