import { readdir } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { isMlflow, isModelFile } from './modelKind';
import { withoutIgnored } from './withoutIgnored';

/** Where version control keeps its own files, which the editor does not show either. */
const ownFolders = new Set(['.git', '.hg', '.svn']);

/** The models below a folder, absolute. Folders behind symbolic links are not entered. */
export async function findModels(root: string): Promise<string[]> {
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
  return modelsAmong(root, found.filter(isModelFile));
}

/** Of model files below a folder, those that are models by themselves and that no `.gitignore` leaves out, by name. */
export async function modelsAmong(root: string, files: string[]): Promise<string[]> {
  const kept = await withoutIgnored(root, files);
  // What lies in the folder of a model of MLflow is part of that.
  const folders = kept.filter(isMlflow).map((file) => `${dirname(file)}${sep}`);
  return kept
    .filter((file) => isMlflow(file) || !folders.some((folder) => file.startsWith(folder)))
    .sort(byName);
}

/** The order in which models are shown: by the names of their files, then by their folders. */
export function byName(a: string, b: string): number {
  return basename(a).localeCompare(basename(b)) || a.localeCompare(b);
}
