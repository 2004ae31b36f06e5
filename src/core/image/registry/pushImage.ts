import type Docker from 'dockerode';
import { findImage } from '../../docker/images';
import { engineWords, statusOf } from '../../docker/dockerErrors';
import { followProgress } from '../../docker/progress';
import { UserError } from '../../errors';
import type { TaskContext } from '../../task';
import { nameOf, parsePlace, type Repository } from './repository';
import { Registry } from './registry';

/** What stands beside an image in its registry: `org.opencontainers.image.*` and our own. */
export type Annotations = Record<string, string>;

interface ImageManifest {
  config: { mediaType: string; digest: string };
  layers: { mediaType: string }[];
  annotations?: Annotations;
}

const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
/** How often a push is begun again where the connection broke; the registry keeps the layers that were through. */
const ATTEMPTS = 3;

/**
 * Brings an image from an engine to a registry, by the engine's own push, and writes annotations beside it. What the registry has already
 * is not sent. Resolves to its place: `registry/name@sha256:…`.
 * @throws UserError `registry-refused` or `registry-unreachable`; no message holds credentials
 */
export async function pushImage(
  docker: Docker,
  repository: Repository,
  id: string,
  annotations: Annotations,
  task: TaskContext,
): Promise<string> {
  const name = nameOf(repository);
  const registry = await Registry.open(repository, task.signal);
  const tag = id.replace(/^sha256:/, '').slice(0, 16);
  const there = await registry.manifest(tag, task.signal);
  if (there && contains(there.bytes, id, annotations)) return `${name}@${there.digest}`;

  task.report(`Pushing to ${name}`);
  await docker.getImage(id).tag({ repo: name, tag });
  try {
    await pushTagged(docker, registry, name, tag, task);
  } finally {
    // Only the name goes: what the engine built keeps its own.
    await docker
      .getImage(`${name}:${tag}`)
      .remove()
      .catch(() => undefined);
  }
  const pushed = await registry.manifest(tag, task.signal);
  if (!pushed) throw registry.refused('push to', 'it does not have what was pushed');
  const bytes = annotated(pushed.bytes, annotations);
  return `${name}@${await registry.putManifest(tag, ociManifest, bytes, task.signal)}`;
}

async function pushTagged(
  docker: Docker,
  registry: Registry,
  name: string,
  tag: string,
  task: TaskContext,
): Promise<void> {
  const report = (words: string) => task.report(`Pushing to ${name} (${words})`);
  for (let attempt = 1; ; attempt++) {
    try {
      const stream = await docker.getImage(`${name}:${tag}`).push({
        tag,
        authconfig: (registry.engineAuth ?? {}) as Docker.AuthConfig,
        abortSignal: task.signal,
      });
      await followProgress(stream, { signal: task.signal, report });
      return;
    } catch (error) {
      task.signal.throwIfAborted();
      const words = engineWords(error);
      const broken = /EOF|reset by peer|broken pipe|timeout|502|503|504/i.test(words);
      if (!broken || attempt === ATTEMPTS) throw registry.refused('push to', words, error);
      task.report(`Pushing to ${name} again: ${words}`);
    }
  }
}

/** Whether a manifest is of this very image, with these annotations. */
function contains(bytes: Buffer, id: string, annotations: Annotations): boolean {
  const { config, annotations: there = {} } = JSON.parse(bytes.toString()) as Partial<ImageManifest>;
  return config?.digest === id && Object.entries(annotations).every(([key, value]) => there[key] === value);
}

/** The manifest in OCI's form, which alone can have annotations; its config and layers are the same bytes. */
function annotated(bytes: Buffer, annotations: Annotations): Buffer {
  const { config, layers, annotations: there } = JSON.parse(bytes.toString()) as ImageManifest;
  const oci = (type: string) =>
    type
      .replace('application/vnd.docker.container.image.v1+json', 'application/vnd.oci.image.config.v1+json')
      .replace(
        'application/vnd.docker.image.rootfs.diff.tar.gzip',
        'application/vnd.oci.image.layer.v1.tar+gzip',
      )
      .replace('application/vnd.docker.image.rootfs.diff.tar', 'application/vnd.oci.image.layer.v1.tar');
  const manifest = {
    schemaVersion: 2,
    mediaType: ociManifest,
    config: { ...config, mediaType: oci(config.mediaType) },
    layers: layers.map((layer) => ({ ...layer, mediaType: oci(layer.mediaType) })),
    annotations: { ...there, ...annotations },
  };
  return Buffer.from(JSON.stringify(manifest));
}

/**
 * Makes an engine have the image at a place in a registry. Resolves to the image's id.
 * @throws UserError `registry-refused` when the registry does not give it
 */
export async function pullFrom(docker: Docker, place: string, task: TaskContext): Promise<string> {
  const found = await findImage(docker, place);
  if (found) return found.Id;
  const parsed = parsePlace(place);
  if (!parsed) throw new UserError('image-missing', `The engine does not have ${place}.`, 'Deploy again.');
  const registry = await Registry.open(parsed.repository, task.signal);
  task.report(`Pulling ${nameOf(parsed.repository)}`);
  try {
    const stream = await docker.pull(place, { authconfig: registry.engineAuth, abortSignal: task.signal });
    const report = (words: string) => task.report(`Pulling ${nameOf(parsed.repository)} (${words})`);
    await followProgress(stream, { signal: task.signal, report });
    return (await docker.getImage(place).inspect()).Id;
  } catch (error) {
    task.signal.throwIfAborted();
    if (statusOf(error) === undefined && error instanceof UserError) throw error;
    throw registry.refused('read from', engineWords(error), error);
  }
}
