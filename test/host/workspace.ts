import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const sampleWorkspace = 'test/fixtures/workspace';

/** A temporary folder of its own; short, as sockets in it have short paths. */
export function temporaryFolder(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `slipway-${name}-`));
}

/** Copies the sample workspace (or another) to `folder`, so that the repository's stays as it is. */
export async function copyWorkspace(folder: string, from = sampleWorkspace): Promise<string> {
  await cp(from, folder, { recursive: true });
  return folder;
}
