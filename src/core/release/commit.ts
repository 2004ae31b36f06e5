import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Longer than that nobody waits for a label, in milliseconds. */
const PATIENCE = 3_000;

/**
 * The commit that a folder's working tree stands on, hexadecimal, with `+` behind it when files have changed since; undefined where there
 * is no repository, or no git.
 */
export async function commitOf(folder: string, signal: AbortSignal): Promise<string | undefined> {
  const git = async (...command: string[]) =>
    (await run('git', ['-C', folder, ...command], { signal, timeout: PATIENCE })).stdout.trim();
  try {
    const head = await git('rev-parse', 'HEAD');
    return (await git('status', '--porcelain', '--untracked-files=no')) ? `${head}+` : head;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
