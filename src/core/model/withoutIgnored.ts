import ignore, { type Ignore } from 'ignore';
import { readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/**
 * The paths, absolute, that no `.gitignore` file at or below `root` leaves out. Paths outside of `root` are kept. A path that ends with a
 * separator is that of a folder.
 * Source of the rules: https://git-scm.com/docs/gitignore
 */
export async function withoutIgnored(root: string, paths: string[]): Promise<string[]> {
  const rules = new Map<string, Promise<Ignore | undefined>>();
  const rulesOf = (folder: string) => {
    const known = rules.get(folder) ?? readRules(folder);
    rules.set(folder, known);
    return known;
  };
  const isIgnored = async (parts: string[], isFolder: boolean): Promise<boolean> => {
    // A folder that is left out takes all that is in it along: what is said inside of it does not count.
    for (let length = 1; length <= parts.length; length++) {
      const slash = length < parts.length || isFolder ? '/' : '';
      let ignored = false;
      // The outermost file comes first; a deeper one may take its word back.
      for (let depth = 0; depth < length; depth++) {
        const rules = await rulesOf(join(root, ...parts.slice(0, depth)));
        const found = rules?.test(parts.slice(depth, length).join('/') + slash);
        if (found?.ignored) ignored = true;
        if (found?.unignored) ignored = false;
      }
      if (ignored) return true;
    }
    return false;
  };
  const kept: string[] = [];
  for (const path of paths) {
    const parts = relative(root, path).split(sep);
    if (parts[0] === '..' || !(await isIgnored(parts, path.endsWith(sep)))) kept.push(path);
  }
  return kept;
}

async function readRules(folder: string): Promise<Ignore | undefined> {
  const text = await readFile(join(folder, '.gitignore'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : ignore().add(text);
}
