import type Docker from 'dockerode';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pack } from 'tar-stream';
import { run } from './command';
import { ensurePythonImage } from './pythonImage';
import { importImage } from './importImage';
import { node24 } from './node24';

/** The images that tests build on where no registry can be reached. */
export const baseImages = {
  node: 'slipway-test/node:24',
  proxy: 'slipway-test/haproxy:2.6',
  python: 'slipway-test/python:3.11',
} as const;

/** Settings that make Slipway use them. */
const settings = {
  'slipway.image.nodeBase': baseImages.node,
  'slipway.image.proxy': baseImages.proxy,
  'slipway.image.pythonBase': baseImages.python,
};

const contentLabel = 'dev.slipway.test.content';
const ortBinaries = `node_modules/onnxruntime-node/bin/napi-v6/linux/${process.arch}`;

/** A root file system: a file of this machine, a text, or an empty folder (with its mode) by path. */
type Root = Map<string, { file: string } | { text: string } | { folder: number }>;

/**
 * Makes the base images from binaries of this machine, where their content changed since they were made last, and answers the
 * settings that use them. Elsewhere than on Linux there are no such binaries: the settings' defaults stand.
 */
export async function ensureBaseImages(docker: Docker): Promise<object> {
  if (process.platform !== 'linux') return {};
  await ensureNodeImages(docker);
  await ensurePythonImage(docker);
  return settings;
}

/** The same without that of Python, which is large. */
export async function ensureNodeImages(docker: Docker): Promise<void> {
  const node = await nodeRoot();
  await ensureImage(docker, baseImages.node, node, ['ENV PATH=/usr/local/bin:/usr/bin:/bin', 'CMD ["node"]']);
  const proxy = await proxyRoot();
  await ensureImage(docker, baseImages.proxy, proxy, [
    'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/bin:/bin',
    'USER haproxy',
    'WORKDIR /var/lib/haproxy',
    'CMD ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]',
  ]);
}

async function nodeRoot(): Promise<Root> {
  const root = common('node:x:1000:1000::/home/node:/bin/false');
  await addBinary(root, await node24(), '/usr/local/bin/node');
  for (const name of ['libonnxruntime.so.1', 'onnxruntime_binding.node']) {
    await addLibraries(root, `${ortBinaries}/${name}`);
  }
  return root;
}

async function proxyRoot(): Promise<Root> {
  const root = common('haproxy:x:99:99::/var/lib/haproxy:/bin/false');
  await addBinary(root, '/usr/sbin/haproxy', '/usr/local/sbin/haproxy');
  root.set('usr/local/etc/haproxy', { folder: 0o755 });
  root.set('var/lib/haproxy', { folder: 0o777 });
  return root;
}

function common(user: string): Root {
  const [name, , uid] = user.split(':');
  const root: Root = new Map([
    ['etc/passwd', { text: `root:x:0:0:root:/root:/bin/false\n${user}\n` }],
    ['etc/group', { text: `root:x:0:\n${name}:x:${uid}:\n` }],
    ['etc/nsswitch.conf', { text: 'hosts: files dns\n' }],
    ['tmp', { folder: 0o1777 }],
    ['root', { folder: 0o700 }],
  ]);
  const certificates = '/etc/ssl/certs/ca-certificates.crt';
  if (existsSync(certificates)) root.set(certificates.slice(1), { file: certificates });
  return root;
}

async function addBinary(root: Root, file: string, path: string): Promise<void> {
  root.set(path.slice(1), { file });
  await addLibraries(root, file);
}

/** The libraries that `ldd` names, at the paths where the loader looks for them. */
async function addLibraries(root: Root, file: string): Promise<void> {
  for (const [, library] of (await run('ldd', [file])).matchAll(/(\/\S+) \(0x/g)) {
    if (library && !library.includes('node_modules')) root.set(library.slice(1), { file: library });
  }
}

async function ensureImage(docker: Docker, tag: string, root: Root, changes: string[]): Promise<void> {
  const entries = await Promise.all(
    [...root].map(async ([path, entry]) => {
      if ('folder' in entry) return { path, mode: entry.folder };
      return { path, content: 'file' in entry ? await readFile(entry.file) : Buffer.from(entry.text) };
    }),
  );
  const hash = createHash('sha256').update(changes.join('\n'));
  for (const { path, mode, content } of entries) hash.update(`\0${path}\0${mode}\0`).update(content ?? '');
  const digest = hash.digest('hex');

  const present = await docker
    .getImage(tag)
    .inspect()
    .catch(() => undefined);
  if (present?.Config.Labels?.[contentLabel] === digest) return;

  const archive = pack();
  for (const { path, mode, content } of entries) {
    if (content)
      archive.entry({ name: path, mode: /\/(s?bin|lib\w*)\//.test(`/${path}`) ? 0o755 : 0o644 }, content);
    else archive.entry({ name: path, type: 'directory', mode });
  }
  archive.finalize();
  await importImage(docker, tag, archive, [...changes, `LABEL ${contentLabel}=${digest}`]);
}
