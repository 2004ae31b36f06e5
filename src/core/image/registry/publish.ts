import type Docker from 'dockerode';
import { basename } from 'node:path';
import type { ServedModel } from '../../endpoint/endpoint';
import type { TaskContext } from '../../task';
import { pushImage, type Annotations } from './pushImage';
import { Registry } from './registry';
import { repositoryOf } from './repository';

/** What a model's image is known by in its registry. */
export interface Published {
  model: ServedModel;
  samplesHash?: string;
  commit?: string;
}

/** Throws `UserError` unless images of this model may be pushed to a registry. */
export async function checkRegistry(registry: string, model: string, signal: AbortSignal): Promise<void> {
  const opened = await Registry.open(repositoryOf(registry, model), signal);
  await opened.checkPush(signal);
}

/** Brings a model's image from an engine to a registry. Resolves to its place there: `registry/name@sha256:…`. */
export function publish(
  docker: Docker,
  registry: string,
  published: Published,
  id: string,
  task: TaskContext,
): Promise<string> {
  const repository = repositoryOf(registry, published.model.name);
  return pushImage(docker, repository, id, annotationsOf(published), task);
}

/** Source of the names: https://github.com/opencontainers/image-spec/blob/main/annotations.md */
function annotationsOf({ model, samplesHash, commit }: Published): Annotations {
  return {
    'org.opencontainers.image.title': model.name,
    'org.opencontainers.image.version': model.hash.slice(0, 12),
    ...(commit && { 'org.opencontainers.image.revision': commit }),
    'dev.slipway.model': model.name,
    'dev.slipway.model-file': basename(model.path),
    'dev.slipway.model-hash': model.hash,
    ...(samplesHash && { 'dev.slipway.samples-hash': samplesHash }),
  };
}
