/** Packages the extension and the command line for this platform: `npm run package` leaves `out/slipway-PLATFORM.vsix` and `.tgz`. */
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { run } from './command';

/** Builds for production in a folder that holds only what is packaged, packages that for VS Code and for npm, and answers the `.vsix`. */
export async function packageExtension(): Promise<string> {
  const staging = resolve('out/package');
  const platform = `${process.platform}-${process.arch}`;
  const vsix = resolve(`out/slipway-${platform}.vsix`);
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  await run(process.execPath, ['esbuild.mjs', '--production', `--out=${join(staging, 'dist')}`]);
  const { files, ...manifest } = JSON.parse(await readFile('package.json', 'utf8')) as {
    files: string[];
    version: string;
  };
  const { version } = manifest;
  for (const file of files.filter((name) => name !== 'dist' && existsSync(name))) {
    await cp(file, join(staging, file), { recursive: true });
  }
  const shipped = {
    ...manifest,
    private: undefined,
    // All of it is in dist.
    dependencies: undefined,
    scripts: undefined,
    devDependencies: undefined,
    prettier: undefined,
    mocha: undefined,
  };
  await writeFile(join(staging, 'package.json'), JSON.stringify(shipped, null, 2));
  const vsce = resolve('node_modules/@vscode/vsce/vsce');
  const flags = [
    '--no-dependencies',
    '--allow-missing-repository',
    '--no-rewrite-relative-links',
    '--target',
    platform,
    '--out',
    vsix,
  ];
  await run(process.execPath, [vsce, 'package', ...flags], { cwd: staging });
  await run('npm', ['pack', '--pack-destination', resolve('out')], { cwd: staging });
  await rename(resolve(`out/slipway-${version}.tgz`), vsix.replace(/vsix$/, 'tgz'));
  return vsix;
}

if (require.main === module) void packageExtension().then(console.log);
