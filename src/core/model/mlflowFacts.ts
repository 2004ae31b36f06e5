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
  let read: { flavors?: { python_function?: { loader_module?: unknown } }; mlflow_version?: unknown } | null;
  try {
    read = parse(await readFile(path, 'utf8')) as typeof read;
  } catch (error) {
    throw broken(`can not be read: ${messageOf(error)}`, error);
  }
  const loader = read?.flavors?.python_function?.loader_module;
  if (typeof loader !== 'string') throw broken('has no flavor python_function, which is what can be served');
  const version = read?.mlflow_version;
  return { loader, version: typeof version === 'string' ? version : undefined };
}
