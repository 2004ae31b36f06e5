import { parse } from 'yaml';
import { UserError, messageOf } from '../errors';

/** Packages of conda that are nothing to pip, or go by another name there. */
const toPip: Record<string, string | undefined> = {
  python: undefined,
  pip: undefined,
  setuptools: undefined,
  wheel: undefined,
  'py-xgboost': 'xgboost',
  pytorch: 'torch',
  'ruamel.yaml': 'ruamel.yaml',
};

/** What a model needs of Python. */
export interface PythonNeeds {
  /** As pip takes them, one a line of a `requirements.txt`. */
  packages: string[];
  /** The version of Python itself, such as `3.9`; the base image has its own all the same. */
  python?: string;
}

/**
 * What a `conda.yaml` asks for, as pip takes it: its conda packages by their names on PyPI, and its `pip:` list as it stands.
 * @throws UserError `build-failed` when it is no such file
 */
export function condaNeeds(text: string, file: string): PythonNeeds {
  let read: { dependencies?: unknown };
  try {
    read = parse(text) as { dependencies?: unknown };
  } catch (error) {
    throw broken(file, messageOf(error), error);
  }
  if (!Array.isArray(read?.dependencies)) throw broken(file, 'it has no list of dependencies');
  const dependencies: unknown[] = read.dependencies;
  const packages = dependencies.flatMap((dependency) => {
    if (typeof dependency === 'string') return fromConda(dependency);
    const { pip } = (dependency ?? {}) as { pip?: unknown };
    return Array.isArray(pip) ? pip.filter((need): need is string => typeof need === 'string') : [];
  });
  const python = dependencies.map((each) => /^python\s*={1,2}\s*(\d[\d.]*\d)/.exec(String(each))?.[1]);
  return { packages, python: python.find((version) => version !== undefined) };
}

/** `conda-forge::scikit-learn=1.2.1=py311h` → `scikit-learn==1.2.1`. Source: https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/pkg-specs.html */
function fromConda(dependency: string): string[] {
  const [, name = '', rest = ''] = /^(?:[\w./-]+::)?([\w.-]+)\s*(.*)$/.exec(dependency.trim()) ?? [];
  const known = name.toLowerCase() in toPip ? toPip[name.toLowerCase()] : name;
  if (known === undefined || name.startsWith('_') || name.startsWith('lib')) return [];
  const exact = /^={1,2}([\w.+!*]+)(=.*)?$/.exec(rest)?.[1];
  if (exact === undefined) return [`${known}${rest.replaceAll(' ', '')}`];
  // One equals sign means "begins with" to conda.
  const fuzzy = !rest.startsWith('==') && exact.split('.').length < 3 && !exact.endsWith('*');
  return [`${known}==${exact}${fuzzy ? '.*' : ''}`];
}

function broken(file: string, why: string, cause?: unknown): UserError {
  return new UserError(
    'build-failed',
    `${file} can not be read: ${why}.`,
    'Correct it, or put a requirements.txt beside the model.',
    {
      cause,
    },
  );
}
