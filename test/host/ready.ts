/** What commands that measure need: `dist/`, and on Debian, as root, the packages of the machine. */
import { run } from './command';
import { installRequirements } from './requirements';

async function main(): Promise<void> {
  await installRequirements();
  await run(process.execPath, ['esbuild.mjs']);
}

void main();
