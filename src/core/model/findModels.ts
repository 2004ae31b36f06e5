import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { formOf, isFolder, isModelFile } from './modelKind';
import { isServable } from './script';
import { withoutIgnored } from './withoutIgnored';

/** Where version control keeps its own files, which the editor does not show either. */
const ownFolders = new Set(['.git', '.hg', '.svn']);

/**
 * The models below a folder, absolute; `named` are files that somebody says are models. Folders behind symbolic links are not entered.
 */
export async function findModels(root: string, named: string[] = []): Promise<string[]> {
  const found: string[] = [];
  for (let folders = [root]; folders.length > 0;) {
    const inside: string[] = [];
    for (const folder of folders) {
      // What can not be read holds nothing that could be served.
      for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
        const path = join(folder, entry.name);
        if (!entry.isDirectory()) found.push(path);
        else if (!ownFolders.has(entry.name)) inside.push(path + sep);
      }
    }
    folders = await withoutIgnored(root, inside);
  }
  return modelsAmong(
    root,
    found.filter((file) => isModelFile(file) || isFolder(file)),
    named,
  );
}

/** Of model files below a folder, those that are models by themselves and that no `.gitignore` leaves out, and those `named`; by name. */
export async function modelsAmong(root: string, files: string[], named: string[] = []): Promise<string[]> {
  const kept = await withoutIgnored(root, files);
  // What lies in the folder of a model of MLflow is part of that.
  const folders = kept.filter((file) => formOf(file) === 'mlflow').map((file) => `${dirname(file)}${sep}`);
  const models = new Set(await only(named, isThere));
  const own = kept.filter(
    (file) => formOf(file) === 'mlflow' || !folders.some((folder) => file.startsWith(folder)),
  );
  for (const file of await only(own, isModel)) models.add(file);
  return [...models].sort(byName);
}

async function only(files: string[], wanted: (file: string) => Promise<boolean>): Promise<string[]> {
  const answers = await Promise.all(files.map(wanted));
  return files.filter((_, index) => answers[index]);
}

async function isThere(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isFile() ?? false;
}

async function isModel(file: string): Promise<boolean> {
  if (formOf(file) === 'script') return isServable(file);
  return !/\.sav$/i.test(file) || !(await isSpss(file));
}

/** Whether it is a table of SPSS, whose files end like pickles of some. */
async function isSpss(file: string): Promise<boolean> {
  const opened = await open(file).catch(() => undefined);
  if (!opened) return false;
  try {
    const { buffer } = await opened.read({ buffer: Buffer.alloc(spssStart.length), position: 0 });
    return buffer.toString('latin1') === spssStart;
  } finally {
    await opened.close();
  }
}

const spssStart = '$FL';

/** The order in which models are shown: by the names of their files, then by their folders. */
export function byName(a: string, b: string): number {
  return basename(a).localeCompare(basename(b)) || a.localeCompare(b);
}
