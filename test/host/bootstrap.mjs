/**
 * Runs a TypeScript file of this repository on a fresh clone: `node test/host/bootstrap.mjs FILE [ARGUMENTS]`.
 * It needs nothing but Node and npm, and installs the packages when they are missing or old.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
process.chdir(root);

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Slipway needs Node 20.19 or newer; this is ${process.version}.`);
  process.exit(1);
}
if (!installed()) {
  console.error('Installing the npm packages…');
  const { status } = spawnSync('npm', ['ci'], { stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) process.exit(status ?? 1);
}

const [, , file] = process.argv;
process.argv.splice(1, 2, resolve(file));
await import('tsx');
await import(pathToFileURL(resolve(file)).href);

/** Whether what is installed is what the lock file asks for; packages of other platforms are not missed. */
function installed() {
  const packages = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;
  try {
    const present = packages('node_modules/.package-lock.json');
    return Object.entries(packages('package-lock.json')).every(
      ([path, wanted]) =>
        !path || present[path]?.version === wanted.version || (wanted.optional && !present[path]),
    );
  } catch {
    return false;
  }
}
