import { join } from 'node:path';
import { cached } from './cache';
import { run } from './command';

const version = '24.21.0';

/** The Node 24 binary that VS Code's server and the test images run on. */
export async function node24(): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`.replace('win32', 'win');
  const folder = await cached(`node-${version}`, [
    {
      title: 'getting Node 24',
      run: async (cwd) => {
        await run('npm', ['install', '--prefix', cwd, '--no-save', `${name}@${version}`], { cwd });
      },
    },
  ]);
  return join(folder, 'node_modules', name, 'bin', 'node');
}
