import type Docker from 'dockerode';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { inWords } from '../docker/dockerErrors';
import { findImage } from '../docker/images';
import { inTime } from '../docker/inTime';
import { labels } from '../docker/labels';
import { UserError } from '../errors';
import { memoryVariables, nodeFlags } from '../serverRuntime';
import type { TaskContext } from '../task';
import { ensureBase, platformOf, type Base, type Platform } from './baseImage';
import { buildImage } from './buildImage';
import { filesBelow, type ContextFile } from './context';
import { inTurn } from './inTurn';

export interface RuntimeOptions {
  /** The folder with the server's bundle: `server.js` with the scripts beside it, and `node_modules/onnxruntime-*`. */
  dist: string;
  /** Image with Node that it is built on. */
  nodeBase: string;
  /** Slipway's version. */
  version: string;
  /** The machines that it is for; default: those that the base image of the engine is for. */
  platform?: Platform;
}

const repository = 'slipway-runtime';
/** Where the server is inside of images. */
export const serverFolder = '/slipway';
/** How Docker and onnxruntime call the machines that both know. */
const architectures: Record<string, string | undefined> = { amd64: 'x64', arm64: 'arm64' };

/**
 * The image that all models of this version run on: Node, the server and onnxruntime for one kind of machine. It is built once
 * for each base image and version. Resolves to its tag.
 */
export async function ensureRuntimeImage(
  docker: Docker,
  options: RuntimeOptions,
  task: TaskContext,
): Promise<string> {
  const { dist, nodeBase, platform } = options;
  return inTurn(`${dist}\n${nodeBase}\n${platform}`, task.signal, () =>
    inWords('make the runtime image', task.signal, async () => {
      const wanted = { image: nodeBase, setting: 'slipway.image.nodeBase', platform };
      const base = await ensureBase(docker, wanted, task);
      const files = await serverFiles(dist, architectureOf(base));
      const content = await hashOf(files);
      const tag = `${repository}:${shortHash(content, nodeBase, base.info.Id, recipe.join('\n'))}`;
      if (!(await findImage(docker, tag, task.signal))) {
        await build(docker, { ...options, base, tag, content, files }, task);
        await removeOthers(docker, tag, nodeBase, platformOf(base.info), task.signal);
      }
      return tag;
    }),
  );
}

/** What runs the server in an image. */
export const entrypoint = `ENTRYPOINT ${JSON.stringify(['node', ...nodeFlags, `${serverFolder}/server.js`])}`;

/** As it goes into `ENV`. */
export const memorySettings = Object.entries(memoryVariables)
  .map((entry) => entry.join('='))
  .join(' ');

/** Each of these costs a step of the build. */
const recipe = [`ENV ${memorySettings}`, 'USER 65534:65534', entrypoint, `COPY slipway ${serverFolder}`];

async function build(
  docker: Docker,
  {
    tag,
    base,
    nodeBase,
    platform,
    version,
    content,
    files,
  }: RuntimeOptions & { base: Base; tag: string; content: string; files: ContextFile[] },
  task: TaskContext,
): Promise<void> {
  await buildImage(
    docker,
    {
      what: 'the runtime image',
      tag,
      from: base.name,
      platform,
      labels: {
        [labels.kind]: 'runtime',
        [labels.content]: content,
        [labels.base]: nodeBase,
        [labels.platform]: platformOf(base.info),
        [labels.version]: version,
      },
      instructions: recipe,
      files: files.map((file) => ({ ...file, name: `slipway/${file.name}` })),
    },
    task,
  );
}

/** Removes what earlier versions built on the same base for the same machines, unless something stands on it still. */
async function removeOthers(
  docker: Docker,
  tag: string,
  nodeBase: string,
  platform: string,
  signal: AbortSignal,
): Promise<void> {
  const label = [`${labels.kind}=runtime`, `${labels.base}=${nodeBase}`, `${labels.platform}=${platform}`];
  const found = await inTime(signal, (abortSignal) => docker.listImages({ filters: { label }, abortSignal }));
  for (const { RepoTags } of found) {
    for (const other of RepoTags?.filter((name) => name !== tag) ?? []) {
      await inTime(signal, (abortSignal) => docker.getImage(other).remove({ abortSignal })).catch(() =>
        signal.throwIfAborted(),
      );
    }
  }
}

/** What of the bundle runs inside, for machines of an architecture as onnxruntime calls it. */
async function serverFiles(dist: string, architecture: string): Promise<ContextFile[]> {
  const binaries = `onnxruntime-node/bin/napi-v6/linux/${architecture}/`;
  const modules = await filesBelow(
    join(dist, 'node_modules'),
    (path) =>
      /^onnxruntime-(node|common)\//.test(path) && (!path.includes('/bin/') || path.startsWith(binaries)),
  );
  const scripts = await filesBelow(dist, (path) => /^[^/]+\.js$/.test(path) && path !== 'extension.js');
  return [...scripts, ...modules.map((file) => ({ ...file, name: `node_modules/${file.name}` }))];
}

/** The base decides, not the engine: an engine can run images of other machines than its own. */
function architectureOf({ name, info }: Base): string {
  const architecture = architectures[info.Architecture];
  if (info.Os === 'linux' && architecture !== undefined) return architecture;
  throw new UserError(
    'engine-refused',
    `The image ${name} is for ${platformOf(info)}, and there is no onnxruntime for that.`,
    'Name an image for linux/amd64 or linux/arm64 in slipway.image.nodeBase.',
  );
}

const hashes = new Map<string, string>();

/** SHA-256 over names and contents, hexadecimal. Remembered until a file changes its size or time. */
export async function hashOf(files: ContextFile[]): Promise<string> {
  const paths = files.map(({ file }) => file as string);
  const stamps = await Promise.all(paths.map(async (file) => `${file}:${(await stat(file)).mtimeMs}`));
  const stamp = files.map(({ name, size }, index) => `${name}:${size}:${stamps[index]}`).join('\n');
  const known = hashes.get(stamp);
  if (known !== undefined) return known;
  const digest = createHash('sha256');
  for (const { name, size, file } of files) {
    digest.update(`${name}\0${size}\0`);
    for await (const piece of createReadStream(file)) digest.update(piece as Buffer);
  }
  const hash = digest.digest('hex');
  hashes.set(stamp, hash);
  return hash;
}

/** A tag for what these parts say. */
export function shortHash(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);
}
