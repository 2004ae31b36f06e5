/** Everything that is checked without running Slipway, side by side: types, lint, format and the import rules. */
import { run } from './command';

const tsc = ['node_modules/typescript/bin/tsc', '--noEmit', '--incremental'];
const checks: Record<string, string[]> = {
  types: [...tsc, '-p', '.', '--tsBuildInfoFile', 'out/types.tsbuildinfo'],
  'types of the pages': [...tsc, '-p', 'webview', '--tsBuildInfoFile', 'out/webview.tsbuildinfo'],
  lint: ['node_modules/eslint/bin/eslint.js', '.'],
  format: [
    'node_modules/prettier/bin/prettier.cjs',
    '--check',
    '--log-level',
    'warn',
    '--cache',
    '--cache-location',
    'out/prettier.cache',
    '.',
  ],
  layers: ['node_modules/mocha/bin/mocha.js', '--reporter', 'dot', 'test/unit/layers.test.ts'],
};

async function check(name: string, args: string[]): Promise<void> {
  const start = performance.now();
  const failure = await run(process.execPath, args).then(
    () => undefined,
    (error: Error) => error.message,
  );
  console.log(`${failure ? '✘' : '✔'} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  if (!failure) return;
  console.error(failure);
  process.exitCode = 1;
}

void Promise.all(Object.entries(checks).map(([name, args]) => check(name, args)));
