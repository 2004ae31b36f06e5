/**
 * Drives a Kubernetes target on Kubernetes' own API server, controllers and scheduler: `npm run cluster [-- --grep WORDS]`. The first
 * time they are built, which needs Go 1.24 or newer, Go's module proxy and PyPI. Exits with 1 when a test fails.
 */
import { spawn } from 'node:child_process';
import { binaries } from './binaries';

async function main(): Promise<void> {
  await binaries();
  const mocha = ['node_modules/mocha/lib/cli/cli.js', '--exit', '--timeout', '60000'];
  const args = ['--import', 'tsx', ...mocha, 'test/cluster/*.test.ts', ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  child.on('close', (code) => (process.exitCode = code ?? 1));
}

void main();
