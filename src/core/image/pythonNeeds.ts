import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeModel } from '../model/describeModel';
import type { PickleScan } from '../model/pickle/pickleScan';
import { condaNeeds } from './condaNeeds';

/**
 * The packages that a pickle needs, as pip takes them: those of `requirements.txt` beside it, else of `conda.yaml`, where there is one, else
 * the versions that wrote it, as far as the file says.
 */
export async function pythonNeeds(path: string, signal?: AbortSignal): Promise<string[]> {
  const beside = (name: string) => readFile(join(dirname(path), name), 'utf8').catch(() => undefined);
  const requirements = await beside('requirements.txt');
  if (requirements !== undefined) return linesOf(requirements);
  for (const name of ['conda.yaml', 'conda.yml']) {
    const conda = await beside(name);
    if (conda !== undefined) return condaNeeds(conda, name);
  }
  const description = await describeModel(path, signal);
  return description.kind === 'pickle' ? needsOf(description.scan) : [];
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
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

export function needsOf({ format, imports, versions, estimator }: PickleScan): string[] {
  const modules = new Set(imports.map(({ module }) => module.split('.')[0] as string));
  if (format === 'joblib') modules.add('joblib');
  // A model that was fitted on a table with names is given one.
  if (estimator.featureNames) modules.add('pandas');
  const needs = Object.entries(packages).flatMap(([module, name]) => {
    if (!modules.has(module)) return [];
    const version = module in versions ? versions[module as keyof typeof versions] : undefined;
    return [version && /^\d/.test(version) ? `${name}==${version}` : name];
  });
  return [numpyFor(versions.sklearn), ...needs];
}

/** Wheels of scikit-learn before 1.4.2 were made for numpy 1. Source: https://scikit-learn.org/stable/whats_new/v1.4.html */
function numpyFor(sklearn: string | undefined): string {
  const [major = 9, minor = 0, patch = 0] = (sklearn ?? '')
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  const old = major < 1 || (major === 1 && (minor < 4 || (minor === 4 && patch < 2)));
  return sklearn !== undefined && old ? 'numpy<2' : 'numpy';
}
