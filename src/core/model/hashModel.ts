import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../errors';
import { readExternalData } from './externalData';
import { readModel } from './inspectModel';
import { formOf, isFolder, isPython } from './modelKind';
import { scanPickle } from './pickle/scanPickle';

const hashes = new Map<string, { stamp: string; hash: string }>();

/**
 * SHA-256 over the model and its weights' files, hexadecimal. Remembered until one of them changes its time or size.
 * @throws UserError as {@link modelFiles} does
 */
export async function hashModel(path: string, signal?: AbortSignal): Promise<string> {
  const model = resolve(path);
  const files = await modelFiles(model, signal);
  const stamp = await stampOf(files);
  const known = hashes.get(model);
  if (known?.stamp === stamp) return known.hash;
  const digest = createHash('sha256');
  for (const file of files) await pipeline(createReadStream(file), digest, { end: false, signal });
  const hash = digest.digest('hex');
  hashes.set(model, { stamp, hash });
  return hash;
}

/** The files of ONNX models whose own file has this stamp: to find them anew takes longer than a small prediction. */
const onnxFiles = new Map<string, { stamp: string; files: string[] }>();

/**
 * Changes when one of the model's files does; only with its own one as long as that is broken or others are missing.
 * @throws UserError as {@link modelFiles} does, of models of Python; else what the system says of a file that is not there
 */
export async function stampModel(path: string): Promise<string> {
  const model = resolve(path);
  if (isPython(model)) return stampOf(await modelFiles(model));
  const stamp = await stampOf([model]);
  const known = onnxFiles.get(model);
  if (known?.stamp === stamp) return stampOf(known.files).catch(() => stamp);
  // What is wrong with it is said by whoever reads it.
  const files = await modelFiles(model).catch(() => undefined);
  if (!files) return stamp;
  onnxFiles.set(model, { stamp, files });
  return stampOf(files);
}

async function stampOf(files: string[]): Promise<string> {
  const stamps = files.map(async (file) => {
    const { mtimeMs, ctimeMs, size, ino } = await stat(file);
    return `${file}:${mtimeMs}:${ctimeMs}:${size}:${ino}`;
  });
  return (await Promise.all(stamps)).join('|');
}

/**
 * The model file and what belongs to it, absolute; the model comes first: the files beside it that hold its weights or its classes, or
 * all of the folder where that is the model.
 * @throws UserError `model-unsupported` when a file of weights is outside of the model's folder, also by a symbolic link
 * (as onnxruntime has it), and `model-missing` when it is not there
 */
export async function modelFiles(path: string, signal?: AbortSignal): Promise<string[]> {
  const model = resolve(path);
  if (isPython(model)) {
    await readable(model);
    return [model, ...(await (isFolder(model) ? filesBeside(model) : modulesBeside(model, signal)))];
  }
  const locations = await readModel(model, (window) => readExternalData(window, signal), signal);
  const files = await Promise.all(locations.map((location) => weightsFile(model, location)));
  return [model, ...new Set(files)];
}

/** What lies beside a script that is not part of it: hidden files, environments and what Python and Node leave. */
const besideScripts = /(^|[\\/])(\.[^\\/]*|__pycache__|node_modules|venv|env|slipway\.json)([\\/]|$)/;
/** More files than this are a project, not a model. */
const mostFiles = 5000;

/** All of the folder but the samples: they are not part of what is served. */
async function filesBeside(model: string): Promise<string[]> {
  const folder = dirname(model);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const all = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.samples.json'));
  const whole = formOf(model) === 'mlflow';
  const files = all
    .map((entry) => resolve(entry.parentPath, entry.name))
    .filter((file) => file !== model && (whole || !besideScripts.test(relative(folder, file))));
  if (files.length <= mostFiles) return files.sort();
  throw new UserError(
    'model-unsupported',
    `All of its folder belongs to ${basename(model)}, and those are ${files.length} files.`,
    'Put it into a folder of its own, with what it needs.',
  );
}

/** The modules beside a pickle, where its classes are in one of them: that may import the others. */
async function modulesBeside(model: string, signal?: AbortSignal): Promise<string[]> {
  if (formOf(model) !== 'pickle') return [];
  // What is wrong with the file is said by whoever describes it.
  const scan = await scanPickle(model, signal).catch(() => undefined);
  signal?.throwIfAborted();
  const modules = new Set(scan?.customClasses.map((name) => name.split('.')[0] as string));
  if (modules.size === 0) return [];
  const folder = dirname(model);
  const entries = await readdir(folder, { withFileTypes: true });
  const packages = entries.filter((entry) => entry.isDirectory() && modules.has(entry.name));
  const scripts = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.py'));
  if (packages.length === 0 && !scripts.some(({ name }) => modules.has(name.slice(0, -3)))) return [];
  const inside = packages.map(async ({ name }) => {
    const files = await readdir(resolve(folder, name), { recursive: true, withFileTypes: true });
    return files.filter((entry) => entry.isFile() && entry.name.endsWith('.py'));
  });
  return [...scripts, ...(await Promise.all(inside)).flat()]
    .map((entry) => resolve(entry.parentPath, entry.name))
    .sort();
}

async function readable(model: string): Promise<void> {
  const found = await stat(model).catch(() => undefined);
  if (found?.isFile()) return;
  const next = 'Restore the file or choose another model.';
  throw new UserError('model-missing', `${basename(model)} is not there any more.`, next);
}

async function weightsFile(model: string, location: string): Promise<string> {
  const folder = dirname(model);
  const file = resolve(folder, location);
  // Before anything is asked about it: what a model names outside of its folder is none of our business.
  if (!isInside(folder, file)) throw outside(model, location);
  try {
    const [realFolder, realFile] = await Promise.all([realpath(folder), realpath(file)]);
    if (!isInside(realFolder, realFile)) throw outside(model, location);
    if ((await stat(file)).isFile()) return file;
  } catch (error) {
    if (error instanceof UserError) throw error;
  }
  const message = `${basename(model)} keeps weights in ${location}, and there is no such file.`;
  throw new UserError('model-missing', message, 'Put it beside the model again.');
}

/** Whether a path is a folder or below it. */
export function isInside(folder: string, file: string): boolean {
  const path = relative(folder, file);
  return !isAbsolute(path) && path !== '..' && !path.startsWith(`..${sep}`);
}

function outside(model: string, location: string): UserError {
  const message = `${basename(model)} keeps weights outside of its folder, in ${location}.`;
  return new UserError(
    'model-unsupported',
    message,
    'Move the weights beside the model and export it again.',
  );
}
