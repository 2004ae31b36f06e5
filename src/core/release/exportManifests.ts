import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../errors';
import type { ManifestFormat, Target } from '../target/target';
import type { TaskContext } from '../task';
import { requestOf, type Deployment } from './deploy';

/**
 * Builds and pushes the image of a model, and writes what a deploy would apply as files into a folder, for people who deploy with Git. Nothing
 * of the target is changed. Resolves to the paths of the files, or to undefined when `mayReplace` says no to what it is given: those that are
 * there already with something else in them. Cancelled before the first file is written, it writes none.
 * @throws UserError `target-missing` for a target that nothing is written down for
 */
export async function exportManifests(
  target: Target,
  deployment: Deployment,
  folder: string,
  format: ManifestFormat,
  task: TaskContext,
  mayReplace: (paths: string[]) => Promise<boolean>,
): Promise<string[] | undefined> {
  if (!target.manifests) {
    throw new UserError(
      'target-missing',
      `A deploy to ${target.name} applies no manifests.`,
      'Name a target of the kind kubernetes or kserve.',
    );
  }
  const request = requestOf(deployment);
  const built = await target.build(request, task);
  const image = (await target.push?.(request, built, task)) ?? built[0];
  task.signal.throwIfAborted();
  const files = Object.entries(await target.manifests(request, image, format)).map(([path, text]) => ({
    path: join(folder, path),
    text,
  }));
  const others = await Promise.all(files.map(({ path, text }) => holdsElse(path, text)));
  const replaced = files.filter((_, index) => others[index]).map(({ path }) => path);
  if (replaced.length > 0 && !(await mayReplace(replaced))) return undefined;
  task.signal.throwIfAborted();
  for (const { path, text } of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return files.map(({ path }) => path);
}

async function holdsElse(path: string, text: string): Promise<boolean> {
  try {
    return (await readFile(path, 'utf8')) !== text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
