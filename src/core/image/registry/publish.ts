import type Docker from 'dockerode';
import { basename } from 'node:path';
import { maySpeakPlainly } from '../../docker/plainRegistries';
import type { ServedModel } from '../../endpoint/endpoint';
import type { TaskContext } from '../../task';
import type { Annotations } from './annotate';
import { pushImage } from './pushImage';
import { Registry } from './registry';
import { repositoryOf, type Repository } from './repository';

/** What a model's image is known by in its registry. */
export interface Published {
  model: ServedModel;
  samplesHash?: string;
  commit?: string;
}

/** Throws `UserError` unless images of this model may be pushed to a registry by way of an engine. */
export async function checkRegistry(
  docker: Docker,
  registry: string,
  model: string,
  signal: AbortSignal,
): Promise<void> {
  const opened = await open(docker, repositoryOf(registry, model), signal);
  await opened.checkPush(signal);
}

/** Brings a model's image from an engine to a registry. Resolves to its place there: `registry/name@sha256:…`. */
export async function publish(
  docker: Docker,
  registry: string,
  published: Published,
  id: string,
  task: TaskContext,
): Promise<string> {
  const repository = repositoryOf(registry, published.model.name);
  const { Created } = await docker.getImage(id).inspect();
  const label = published.model.hash.slice(0, 12);
  const pushed = { id, label, annotations: annotationsOf(published, label, Created) };
  return pushImage(docker, await open(docker, repository, task.signal), repository, pushed, task);
}

async function open(docker: Docker, repository: Repository, signal: AbortSignal): Promise<Registry> {
  return Registry.open(repository, signal, await maySpeakPlainly(docker, repository.host));
}

/** Source of the names: https://github.com/opencontainers/image-spec/blob/main/annotations.md */
function annotationsOf(
  { model, samplesHash, commit }: Published,
  version: string,
  created: string,
): Annotations {
  return {
    'org.opencontainers.image.title': model.name,
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.created': created,
    ...(commit && { 'org.opencontainers.image.revision': commit, 'dev.slipway.commit': commit }),
    'dev.slipway.model': model.name,
    'dev.slipway.model-file': basename(model.path),
    'dev.slipway.model-hash': model.hash,
    ...(samplesHash && { 'dev.slipway.samples-hash': samplesHash }),
  };
}
