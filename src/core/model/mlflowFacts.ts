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
  /** Where in the folder the model itself is. */
  data?: string;
  /** Of the flavor that loads it: the class of the model, such as `xgboost.sklearn.XGBClassifier`. */
  modelClass?: string;
  /** Of the library that the flavor is about. */
  libraryVersion?: string;
}

interface Flavor {
  loader_module?: unknown;
  model_path?: unknown;
  data?: unknown;
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
  const facts = {
    version: read?.mlflow_version,
    data: called?.model_path ?? called?.data,
    modelClass: own?.model_class,
    libraryVersion: own?.sklearn_version ?? own?.xgb_version ?? own?.lgb_version,
  };
  const said = Object.entries(facts).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return { loader, ...Object.fromEntries(said) };
}
