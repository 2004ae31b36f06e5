import { dirname } from 'node:path';
import { commitOf } from '../../core/release/commit';
import type { Deployment } from '../../core/release/deploy';
import type { Target } from '../../core/target/target';
import { servedModel } from '../servedModel';
import type { Model, Services } from '../services';
import { samplesIn } from './server';

/** A model as its file is now, with its samples, and how the target wants it to come to its traffic. */
export async function deploymentOf(
  services: Services,
  target: Target,
  model: Model,
  note: string,
  signal: AbortSignal,
): Promise<Deployment> {
  const { canary, load } = (await services.config.get())?.targets[target.name] ?? {};
  return {
    model: await servedModel(model, services, signal),
    signature: model.description?.signature,
    samples: await samplesIn(model),
    note,
    commit: await commitOf(dirname(model.uri.fsPath), signal),
    canary,
    load,
  };
}
