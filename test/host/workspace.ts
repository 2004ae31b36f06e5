import { rmSync } from 'node:fs';
import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from './atExit';

const sampleWorkspace = 'test/fixtures/workspace';

/** A folder that is gone when the process ends. Its path is short, as sockets are made in it. */
export async function temporaryFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `slipway-${name}-`));
  atExit(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** Copies the sample workspace to `folder`, so that the repository's stays as it is; what is there already stays too. */
export async function copyWorkspace(folder: string): Promise<string> {
  await cp(sampleWorkspace, folder, { recursive: true, force: false });
  return folder;
}
