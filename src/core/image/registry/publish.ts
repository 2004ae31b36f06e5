import type Docker from 'dockerode';
import { basename } from 'node:path';
import { inspectImage } from '../../docker/images';
import type { ServedModel } from '../../endpoint/endpoint';
import type { TaskContext } from '../../task';
import type { Built } from '../buildImages';
import { annotate, type Annotations } from './annotate';
import { makeIndex, type IndexEntry } from './imageIndex';
import { openRegistry } from './openRegistry';
import { pushImage } from './pushImage';
import { digestOf, type Registry } from './registry';
import { nameOf, repositoryOf } from './repository';

/** What a model's image is known by in its registry. */
export interface Published {
  model: ServedModel;
  samplesHash?: string;
  commit?: string;
}

/** A manifest that may not be in a registry yet. */
interface Made {
  mediaType: string;
  bytes: Buffer;
}

/** Throws `UserError` unless images of this model may be pushed to a registry by way of an engine. */
export async function checkRegistry(
  docker: Docker,
  registry: string,
  model: string,
  signal: AbortSignal,
): Promise<void> {
  const opened = await openRegistry(docker, repositoryOf(registry, model), signal);
  await opened.checkPush(signal);
}

/**
 * Brings a model's images from an engine to a registry and writes annotations beside them; several are gathered by an index. Resolves to
 * the place there: `registry/name@sha256:…`.
 *
 * It gets a tag of its own for each set of annotations, so that no tag ever moves: what a release names keeps its tag, and registries whose
 * tags are immutable take it too.
 * @throws UserError `registry-refused` or `registry-unreachable`; no message holds credentials
 */
export async function publish(
  docker: Docker,
  registry: string,
  published: Published,
  [id, ...others]: Built,
  task: TaskContext,
): Promise<string> {
  const repository = repositoryOf(registry, published.model.name);
  const opened = await openRegistry(docker, repository, task.signal);
  const { Created } = await inspectImage(docker, id, task.signal);
  const label = published.model.hash.slice(0, 12);
  const annotations = annotationsOf(published, label, Created);
  const push = async (image: string) => {
    const { bytes } = await pushImage(docker, opened, repository, image, task);
    return annotate(bytes, annotations);
  };
  const made =
    others.length === 0
      ? await push(id)
      : await gather(docker, opened, [id, ...others], push, annotations, task);
  const digest = digestOf(made.bytes);
  await putOnce(opened, made, `${label}-${digest.slice('sha256:'.length).slice(0, 8)}`, task);
  return `${nameOf(repository)}@${digest}`;
}

/** Pushes images one after the other, and makes an index of what they are called by digest alone. */
async function gather(
  docker: Docker,
  registry: Registry,
  ids: string[],
  push: (id: string) => Promise<Made>,
  annotations: Annotations,
  task: TaskContext,
): Promise<Made> {
  const entries: IndexEntry[] = [];
  for (const id of ids) {
    const made = await push(id);
    const digest = digestOf(made.bytes);
    await putOnce(registry, made, digest, task);
    const {
      Os: os,
      Architecture: architecture,
      Variant: variant,
    } = await inspectImage(docker, id, task.signal);
    const platform = { os, architecture, ...(variant && { variant }) };
    entries.push({ mediaType: made.mediaType, digest, size: made.bytes.length, platform });
  }
  return makeIndex(entries, annotations);
}

async function putOnce(
  registry: Registry,
  { mediaType, bytes }: Made,
  reference: string,
  task: TaskContext,
): Promise<void> {
  if (await registry.manifest(digestOf(bytes), task.signal)) return;
  task.report('Describing the image in its registry');
  await registry.putManifest(reference, mediaType, bytes, task.signal);
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
