import type { ServedModel } from '../core/endpoint/endpoint';
import { UserError } from '../core/errors';
import { hashModel } from '../core/model/hashModel';
import type { Model, Services } from './services';

/** What a server is to be made from. Throws `UserError` when the model is broken, gone or keeps weights elsewhere. */
export async function servedModel(
  model: Model,
  { admit }: Pick<Services, 'admit'>,
  signal: AbortSignal,
): Promise<ServedModel> {
  checkWhole(model);
  await admit(model.uri.fsPath);
  const { name, serverArguments } = model;
  const path = model.uri.fsPath;
  return { name, path, hash: await hashModel(path, signal), serverArguments };
}

function checkWhole({ description, broken, name }: Model): void {
  if (description) return;
  throw new UserError(
    'model-broken',
    broken ?? `${name} can not be read.`,
    'Replace the file by a whole one.',
  );
}
