import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Ends the model servers that outlive their window, as they are meant to, by the records of them in the profile. */
export async function stopServers(userData: string): Promise<void> {
  const storage = join(userData, 'User', 'globalStorage', 'slipway.slipway');
  const files = await readdir(storage, { recursive: true }).catch(() => []);
  for (const file of files.filter((name) => name.endsWith('.json'))) {
    const { pid } = JSON.parse(await readFile(join(storage, file), 'utf8')) as { pid?: number };
    try {
      if (pid) process.kill(pid, 'SIGTERM');
    } catch {
      // It has ended already.
    }
  }
}
