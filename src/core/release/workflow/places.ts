import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { UserError } from '../../errors';
import { isFolder } from '../../model/modelKind';
import { git } from '../git';

/** The files that a workflow is about, absolute. */
export interface WorkflowFiles {
  model: string;
  samples: string;
  /** `slipway.json`. */
  config: string;
}

/** Where the files of a workflow are, relative to the root of their repository. */
export interface WorkflowPlaces {
  /** The root of the repository, absolute; the folder of `slipway.json` where there is none. */
  root: string;
  /** Folder of `slipway.json`; `.` for the root. */
  folder: string;
  /** Patterns of the files whose change concerns the model. */
  paths: string[];
}

/** Throws `UserError` `model-missing` when a file is outside of the repository of `slipway.json`. */
export async function workflowPlaces({ model, samples, config }: WorkflowFiles): Promise<WorkflowPlaces> {
  const folder = dirname(config);
  // Not the absolute path that git has: it would be another one behind a symbolic link.
  const up = await git(folder, ['rev-parse', '--show-cdup']).catch(() => '');
  const root = resolve(folder, up);
  const inside = (path: string) => {
    const way = relative(root, path);
    if (!way.startsWith('..') && !isAbsolute(way)) return way.replaceAll('\\', '/');
    throw new UserError(
      'model-missing',
      `${path} is not in the repository of slipway.json, ${root}.`,
      'Put it there, so that CI has it too.',
    );
  };
  const changing = isFolder(model) ? `${inside(dirname(model))}/**/*` : inside(model);
  return { root, folder: inside(folder) || '.', paths: [changing, inside(samples), inside(config)] };
}
