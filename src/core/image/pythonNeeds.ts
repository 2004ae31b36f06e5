import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeModel } from '../model/describeModel';
import type { PickleScan } from '../model/pickle/pickleScan';
import { condaNeeds, type PythonNeeds } from './condaNeeds';

/**
 * The packages that a model of Python needs: those of `requirements.txt` beside it, else of `conda.yaml`, where there is one, and of what
 * these do not name the versions that wrote the model, as far as the file says.
 * @throws UserError `build-failed` when `conda.yaml` is none, else as `describeModel` does
 */
export async function pythonNeeds(path: string, signal?: AbortSignal): Promise<PythonNeeds> {
  const description = await describeModel(path, signal);
  const written = await writtenNeeds(dirname(path));
  if (description.kind !== 'pickle') return written ?? { packages: [] };
  if (!written) return { packages: needsOf(description.scan) };
  const named = new Set<string>();
  for (const line of written.packages) {
    const name = nameOf(line);
    // A list with options, files or hashes says all that is to be installed.
    if (name === undefined || line.includes('--hash')) return written;
    named.add(name);
  }
  return { ...written, packages: [...written.packages, ...needsOf(description.scan, named)] };
}

async function writtenNeeds(folder: string): Promise<PythonNeeds | undefined> {
  const beside = (name: string) => readFile(join(folder, name), 'utf8').catch(() => undefined);
  const requirements = await beside('requirements.txt');
  if (requirements !== undefined) return { packages: linesOf(requirements) };
  for (const name of ['conda.yaml', 'conda.yml']) {
    const conda = await beside(name);
    if (conda !== undefined) return condaNeeds(conda, name);
  }
  return undefined;
}

function linesOf(text: string): string[] {
  return text
    .replace(/\\\r?\n/g, ' ')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** The name of a package in a line of a `requirements.txt`, as PyPI compares them; undefined for an option, a file or an address. */
function nameOf(line: string): string | undefined {
  const name = /^([A-Za-z0-9][\w.-]*)\s*(\[[^\]]*\])?\s*([<>=!~;@(].*)?$/.exec(line)?.[1];
  return name?.toLowerCase().replace(/[-_.]+/g, '-');
}

/** The names under which pip knows the packages of these modules. */
const packages: Record<string, string> = {
  cloudpickle: 'cloudpickle',
  joblib: 'joblib',
  lightgbm: 'lightgbm',
  pandas: 'pandas',
  scipy: 'scipy',
  sklearn: 'scikit-learn',
  xgboost: 'xgboost',
};

/** What a pickle needs as far as it says, but for those `named` already. */
export function needsOf(
  { format, imports, versions, estimator }: PickleScan,
  named: ReadonlySet<string> = new Set(),
): string[] {
  const modules = new Set(imports.map(({ module }) => module.split('.')[0] as string));
  if (format === 'joblib') modules.add('joblib');
  // A model that was fitted on a table with names is given one.
  if (estimator.featureNames) modules.add('pandas');
  const needs = Object.entries(packages).flatMap(([module, name]) => {
    if (!modules.has(module) || named.has(name)) return [];
    const version = module in versions ? versions[module as keyof typeof versions] : undefined;
    return [version && /^\d/.test(version) ? `${name}==${version}` : name];
  });
  const sklearn = named.has('scikit-learn') ? undefined : versions.sklearn;
  return [...(named.has('numpy') ? [] : [numpyFor(sklearn)]), ...needs];
}

/** Wheels of scikit-learn before 1.4.2 were made for numpy 1. Source: https://scikit-learn.org/stable/whats_new/v1.4.html */
function numpyFor(sklearn: string | undefined): string {
  const [major = 9, minor = 0, patch = 0] = (sklearn ?? '')
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  const old = major < 1 || (major === 1 && (minor < 4 || (minor === 4 && patch < 2)));
  return sklearn !== undefined && old ? 'numpy<2' : 'numpy';
}
