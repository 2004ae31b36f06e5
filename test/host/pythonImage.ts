import type Docker from 'dockerode';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { baseImages } from './baseImages';
import { run } from './command';
import { importImage } from './importImage';
import { node24 } from './node24';
import { temporaryFolder } from './workspace';

const contentLabel = 'dev.slipway.test.content';
/** Goes up with each change of what is made of the same files. */
const recipe = 2;
const packages = '/usr/lib/python3/dist-packages';
/** What of Debian's packages goes in: what models are made with, and what that needs. */
const wanted =
  /^(numpy|scipy|sklearn|scikit_learn|joblib|cloudpickle|pandas|xgboost|threadpoolctl|dateutil|python_dateutil|pytz|six|pip|setuptools|wheel|pkg_resources|_distutils_hack)\b/;
const certificates = '/etc/ssl/certs/ca-certificates.crt';
/** Needed by pandas. */
const zones = '/usr/share/zoneinfo';

/**
 * Makes an image with this machine's Python and the packages that Debian has for it, as `python:3.x-slim` has Python: with pip, a shell
 * and the libraries that Node needs. Left out where this machine has no scikit-learn.
 */
export async function ensurePythonImage(docker: Docker): Promise<void> {
  if (!existsSync(join(packages, 'sklearn'))) return;
  const binary = realpathSync('/usr/bin/python3');
  const version = binary.replace(/.*python/, '');
  const chosen = (await readdir(packages)).filter((name) => wanted.test(name)).sort();
  const folders = [`/usr/lib/python${version}`, ...chosen.map((name) => join(packages, name))];
  const stamps = [...folders, binary, zones]
    .filter((path) => existsSync(path))
    .map((path) => `${path}:${statSync(path).mtimeMs}`);
  const digest = createHash('sha256')
    .update([recipe, ...stamps].join('\n'))
    .digest('hex');
  const present = await docker
    .getImage(baseImages.python)
    .inspect()
    .catch(() => undefined);
  if (present?.Config.Labels?.[contentLabel] === digest) return;

  const libraries = await librariesOf([binary, '/bin/sh', await node24(), ...(await extensionsIn(folders))]);
  const own = await ownFiles(binary);
  const files = [
    ...new Set([
      binary,
      '/bin/sh',
      ...libraries,
      ...folders,
      ...[certificates, zones].filter((file) => existsSync(file)),
    ]),
  ];
  const tar = spawn(
    'tar',
    [
      '-c',
      '--dereference',
      '--exclude=__pycache__',
      '--exclude=tests',
      '-C',
      '/',
      ...files.map((file) => file.slice(1)),
      '-C',
      own,
      '.',
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  await importImage(docker, baseImages.python, tar.stdout, [
    'ENV PATH=/usr/local/bin:/usr/bin:/bin',
    ...(existsSync(certificates) ? [`ENV PIP_CERT=${certificates}`] : []),
    `LABEL ${contentLabel}=${digest}`,
  ]);
}

/** What an image has that this machine has otherwise. */
async function ownFiles(python: string): Promise<string> {
  const folder = await temporaryFolder('python-root');
  await mkdir(join(folder, 'etc'));
  await mkdir(join(folder, 'tmp'), { mode: 0o1777 });
  await mkdir(join(folder, 'usr/local/bin'), { recursive: true });
  await writeFile(join(folder, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  await writeFile(join(folder, 'usr/local/bin/python3'), `#!/bin/sh\nexec ${python} "$@"\n`, { mode: 0o755 });
  return folder;
}

async function extensionsIn(folders: string[]): Promise<string[]> {
  const found = await run('find', [...folders, '-name', '*.so*', '-xtype', 'f']);
  return found.split('\n').filter(Boolean);
}

/** The libraries that `ldd` names, at the paths where the loader looks for them. */
async function librariesOf(files: string[]): Promise<string[]> {
  // Files that need none make it fail.
  const output = await run('sh', ['-c', 'ldd "$@" 2>/dev/null; true', 'ldd', ...files]);
  return [...output.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map(([, library]) => library as string);
}
