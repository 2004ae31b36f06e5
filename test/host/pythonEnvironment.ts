import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cached } from './cache';
import { run } from './command';

const longest = 15 * 60_000;

/**
 * The folder of the programs of a Python environment in the user's cache folder, with what a requirements file names. It is made the
 * first time, and filled again when the file has changed. Rejects with pip's words when they can not be installed.
 */
export async function pythonEnvironment(name: string, requirements: string): Promise<string> {
  const wanted = (await readFile(requirements, 'utf8')).trim().split('\n').join(', ');
  const programs = (folder: string) => join(folder, process.platform === 'win32' ? 'Scripts' : 'bin');
  const install = async (folder: string) => {
    const found = await run('python3.11', ['--version']).then(
      () => 'python3.11',
      () => 'python3',
    );
    await run(found, ['-m', 'venv', folder]);
    const options = ['--quiet', '--disable-pip-version-check', '--requirement', requirements];
    const signal = AbortSignal.timeout(longest);
    await run(join(programs(folder), 'pip'), ['install', ...options], { signal });
  };
  return programs(await cached(name, [{ title: `installing ${wanted}`, run: install }]));
}

/** The environment variables for its programs: they find each other, and leave no bytecode beside the sources. */
export function pythonVariables(programs: string): NodeJS.ProcessEnv {
  const path = `${programs}${delimiter}${process.env['PATH'] ?? ''}`;
  return { ...process.env, PATH: path, PYTHONDONTWRITEBYTECODE: '1' };
}
