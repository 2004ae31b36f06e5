import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Longer than that nobody waits for a label, in milliseconds. */
const PATIENCE = 3_000;

/** What git says in a folder, without the space around it. Rejects where there is no repository, or no git. */
export async function git(folder: string, command: string[], signal?: AbortSignal): Promise<string> {
  const { stdout } = await run('git', ['-C', folder, ...command], { signal, timeout: PATIENCE });
  return stdout.trim();
}
