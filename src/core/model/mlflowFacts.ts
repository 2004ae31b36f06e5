import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { messageOf, UserError } from '../errors';
import { titleOf } from './modelKind';

/** What a folder of MLflow says about itself in its `MLmodel`. */
export interface MlflowFacts {
  /** The module that loads it, such as `mlflow.sklearn`. */
  loader: string;
  /** Of MLflow, that wrote it. */
  version?: string;
  /** What is loaded: a file or folder, by its path in the folder. */
  data?: string;
  /** Code of the model's own that is run, by its path in the folder. */
  code?: string;
  /** Of the flavor that loads it: the class of the model, such as `xgboost.sklearn.XGBClassifier`. */
  modelClass?: string;
  /** Of the library that the flavor is about. */
  libraryVersion?: string;
}

/** Entries of a flavor. */
interface Flavor {
  loader_module?: unknown;
  model_path?: unknown;
  data?: unknown;
  python_model?: unknown;
  code?: unknown;
  model_code_path?: unknown;
  model_class?: unknown;
  sklearn_version?: unknown;
  xgb_version?: unknown;
  lgb_version?: unknown;
}

/**
 * Reads an `MLmodel`. Source: https://mlflow.org/docs/latest/ml/model/#mlmodel-file
 * @throws UserError `model-broken` when it is none, or has no flavor `python_function`
 */
export async function mlflowFacts(path: string): Promise<MlflowFacts> {
  const broken = (why: string, cause?: unknown) =>
    new UserError(
      'model-broken',
      `The MLmodel of ${titleOf(path)} ${why}.`,
      'Log or save the model again with MLflow.',
      { cause },
    );
  let read: { flavors?: Record<string, Flavor | undefined>; mlflow_version?: unknown } | null;
  try {
    read = parse(await readFile(path, 'utf8')) as typeof read;
  } catch (error) {
    throw broken(`can not be read: ${messageOf(error)}`, error);
  }
  const flavors = read?.flavors ?? {};
  const called = flavors['python_function'];
  const loader = called?.loader_module;
  if (typeof loader !== 'string') throw broken('has no flavor python_function, which is what can be served');
  const own = flavors[loader.replace(/^mlflow\./, '')];
  return {
    loader,
    ...textsOf({
      version: read?.mlflow_version,
      data: called?.model_path ?? called?.data ?? called?.python_model,
      code: called?.code ?? called?.model_code_path,
      modelClass: own?.model_class,
      libraryVersion: own?.sklearn_version ?? own?.xgb_version ?? own?.lgb_version,
    }),
  };
}

function textsOf<Key extends string>(values: Record<Key, unknown>): Partial<Record<Key, string>> {
  const texts = Object.entries(values).filter(([, value]) => typeof value === 'string' && value !== '');
  return Object.fromEntries(texts) as Partial<Record<Key, string>>;
}
