import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { UserError } from '../../errors';
import { modelFiles } from '../../model/hashModel';
import { isFolder, isPython } from '../../model/modelKind';
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
  const changing = (await filesOf(model)).map(inside);
  return {
    root,
    folder: inside(folder) || '.',
    paths: [...new Set([...changing, inside(samples), inside(config)])],
  };
}

/** Files beside a model of Python that say what it needs, also those that may come to be there. */
const needs = ['requirements.txt', 'conda.yaml', 'conda.yml'];

/** The model's file with all that a deploy takes with it, or a pattern for them. */
async function filesOf(model: string): Promise<string[]> {
  if (isFolder(model)) return [join(dirname(model), '**', '*')];
  // One that is broken now is to be tested when it is mended.
  const files = await modelFiles(model).catch(() => [model]);
  return isPython(model) ? [...files, ...needs.map((name) => join(dirname(model), name))] : files;
}
