import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** One step towards something in the cache; a step that was interrupted runs again in the same folder. */
export interface Step {
  /** What is shown while it runs, and what is remembered of it. */
  title: string;
  run: (folder: string) => Promise<void>;
}

/** Where things stay between runs, outside the repository. */
export const cacheFolder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'slipway');

/** The folder `name` of the cache once all `steps` have run in it; what earlier runs did is not done again. */
export async function cached(name: string, steps: Step[]): Promise<string> {
  const folder = join(cacheFolder, name);
  const done = join(folder, '.slipway-done');
  const read = async () => new Set((await readFile(done, 'utf8').catch(() => '')).split('\n'));
  const finished = await read();
  if (steps.every(({ title }) => finished.has(title))) return folder;

  await withLock(`${folder}.lock`, async () => {
    await mkdir(folder, { recursive: true });
    for (const [index, { title, run }] of steps.entries()) {
      const before = await read();
      if (before.has(title)) continue;
      const start = performance.now();
      process.stderr.write(`${name}: ${title} (${index + 1} of ${steps.length})… `);
      await run(folder);
      await writeFile(done, [...before, title].join('\n'));
      process.stderr.write(`${((performance.now() - start) / 1000).toFixed(0)} s\n`);
    }
  });
  return folder;
}

/** Runs `work` while no other process holds the lock; a lock whose process is gone counts for nothing. */
async function withLock(file: string, work: () => Promise<void>): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  for (let waiting = false; !(await take(file)); waiting = true) {
    if (!waiting) process.stderr.write(`Another process is installing (${file}); waiting for it.\n`);
    await sleep(1000);
  }
  const free = () => rm(file, { force: true });
  try {
    await work();
  } finally {
    await free();
  }
}

async function take(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    const owner = Number(await readFile(file, 'utf8').catch(() => ''));
    const age = Date.now() - (await stat(file).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
    // A lock is empty for the moment between its making and its writing.
    if (owner ? !runs(owner) : age > 10_000) await rm(file, { force: true });
    return false;
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
