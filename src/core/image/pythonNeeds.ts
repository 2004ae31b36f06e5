import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../errors';
import { describeModel, type ModelDescription, type PickleDescription } from '../model/describeModel';
import type { MlflowFacts } from '../model/mlflowFacts';
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
  if (!written) return { packages: ownNeeds(description) };
  const named = new Set<string>();
  for (const line of written.packages) {
    const name = nameOf(line);
    // A list with options, files or hashes says all that is to be installed.
    if (name === undefined || line.includes('--hash')) return written;
    named.add(name);
  }
  return { ...written, packages: [...written.packages, ...ownNeeds(description, named)] };
}

/** What loading a model needs as far as it says, but for the packages `named` already. */
function ownNeeds(description: ModelDescription, named: ReadonlySet<string> = new Set()): string[] {
  if (description.kind === 'pickle') return needsOf(description.scan, named);
  const needs = [...loaderOf(description)].filter(([name]) => !named.has(name));
  return needs.map(([name, version]) => (version === undefined ? name : `${name}==${version}`));
}

/** The packages that load a model which is no pickle, with their versions where the model says them. */
function loaderOf(
  description: Exclude<ModelDescription, PickleDescription>,
): Map<string, string | undefined> {
  const loader = new Map<string, string | undefined>([['numpy', undefined]]);
  if (description.kind === 'booster') return loader.set(description.facts.library, description.facts.version);
  if (description.kind !== 'mlflow') return loader;
  return flavorNeeds(description.facts, loader);
}

/** scikit-learn, XGBoost and LightGBM load their own forms of models; what is in MLflow's own, or of another flavor, MLflow loads. */
function flavorNeeds(
  { loader: module, version, data, modelClass, libraryVersion }: MlflowFacts,
  loader: Map<string, string | undefined>,
): Map<string, string | undefined> {
  const library = libraries[/^mlflow\.(\w+)$/.exec(module)?.[1] ?? ''];
  if (library === undefined) return loader.set('mlflow', version);
  loader.set(library, libraryVersion);
  if (modelClass?.includes('.sklearn.') && !loader.has('scikit-learn')) loader.set('scikit-learn', undefined);
  return data?.endsWith('.skops') ? loader.set('mlflow', version).set('skops', undefined) : loader;
}

/** Packages of the flavors that are loaded without MLflow. */
const libraries: Record<string, string> = {
  lightgbm: 'lightgbm',
  sklearn: 'scikit-learn',
  xgboost: 'xgboost',
};

async function writtenNeeds(folder: string): Promise<PythonNeeds | undefined> {
  const beside = (name: string) => readFile(join(folder, name), 'utf8').catch(() => undefined);
  const requirements = await beside('requirements.txt');
  if (requirements !== undefined) return { packages: await linesWithIncluded(requirements, folder) };
  for (const name of ['conda.yaml', 'conda.yml']) {
    const conda = await beside(name);
    if (conda !== undefined) return condaNeeds(conda, name);
  }
  return undefined;
}

/** The lines of a `requirements.txt`, with those of the files that it includes by `-r` in their place. */
async function linesWithIncluded(text: string, folder: string, from: string[] = []): Promise<string[]> {
  const lines: string[] = [];
  for (const line of linesOf(text)) {
    const included = /^(?:-r|--requirement)[\s=]*(\S.*)$/.exec(line)?.[1];
    if (included === undefined) {
      lines.push(line);
      continue;
    }
    const file = resolve(folder, included);
    if (from.includes(file)) continue;
    const inner = await readFile(file, 'utf8').catch((error: unknown) => {
      const next = 'Put it there, or leave it out.';
      throw new UserError(
        'build-failed',
        `requirements.txt includes ${included}, and there is no such file.`,
        next,
        {
          cause: error,
        },
      );
    });
    lines.push(...(await linesWithIncluded(inner, dirname(file), [...from, file])));
  }
  return lines;
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
  catboost: 'catboost',
  category_encoders: 'category-encoders',
  cloudpickle: 'cloudpickle',
  imblearn: 'imbalanced-learn',
  joblib: 'joblib',
  lightgbm: 'lightgbm',
  lz4: 'lz4',
  pandas: 'pandas',
  scipy: 'scipy',
  sklearn: 'scikit-learn',
  skops: 'skops',
  statsmodels: 'statsmodels',
  xgboost: 'xgboost',
};

/** What modules need that their packages do not ask for, or that a model in them is given. */
const withModules: Record<string, string[]> = {
  // They know categories by a table's own types.
  'lightgbm.sklearn': ['pandas', 'sklearn'],
  // Names of columns are those of a table.
  'sklearn.compose._column_transformer': ['pandas'],
  'xgboost.sklearn': ['sklearn'],
};

/** What a pickle needs as far as it says, but for those `named` already. */
export function needsOf(
  { format, compression, imports, versions, estimator }: PickleScan,
  named: ReadonlySet<string> = new Set(),
): string[] {
  const modules = new Set(
    imports.flatMap(({ module }) => [module.split('.')[0] as string, ...(withModules[module] ?? [])]),
  );
  // Only that unpacks what is packed.
  if (format === 'joblib' || compression) modules.add('joblib');
  if (compression === 'lz4') modules.add('lz4');
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
