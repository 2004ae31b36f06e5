import { git } from './git';

/**
 * The commit that a folder's working tree stands on, hexadecimal, with `+` behind it when files have changed since; undefined where there
 * is no repository, or no git.
 */
export async function commitOf(folder: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const head = await git(folder, ['rev-parse', 'HEAD'], signal);
    const changed = await git(folder, ['status', '--porcelain', '--untracked-files=no'], signal);
    return changed ? `${head}+` : head;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
