import { createHash } from 'node:crypto';
import { followProgress } from '../../../src/core/docker/progress';
import { docker, taskOf } from '../target/support';

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

interface ImageManifest {
  mediaType: string;
  config: Descriptor;
}

/** Pushes an image of the engine to a registry without TLS, under a name there: `node:24`. */
export async function pushAs(host: string, image: string, name: string): Promise<void> {
  const [path, tag] = name.split(':');
  await docker.getImage(image).tag({ repo: `${host}/${path}`, tag });
  const push = docker.getImage(`${host}/${name}`).push({ tag, authconfig: {} as never });
  await followProgress(await push, taskOf());
}

/**
 * Makes an image of a registry one of several machines, as base images are: beside the one for linux/amd64 there is the same for
 * linux/arm64, which says so but has the same files, and the tag is that of an index of both.
 */
export async function addArm64(host: string, name: string): Promise<void> {
  const [path, tag = ''] = name.split(':');
  const at = `http://${host}/v2/${path}`;
  const amd64 = await readManifest(at, tag);
  const config = JSON.parse(await textOf(`${at}/blobs/${amd64.manifest.config.digest}`)) as object;
  const other = Buffer.from(JSON.stringify({ ...config, architecture: 'arm64', variant: 'v8' }));
  const digest = digestOf(other);
  const upload = await fetch(`${at}/blobs/uploads/`, { method: 'POST' });
  await put(`${upload.headers.get('location')}&digest=${digest}`, 'application/octet-stream', other);
  const { manifest } = amd64;
  const arm64 = { ...manifest, config: { ...manifest.config, digest, size: other.length } };
  const bytes = Buffer.from(JSON.stringify(arm64));
  await put(`${at}/manifests/${digestOf(bytes)}`, manifest.mediaType, bytes);
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const entry = (of: Buffer, architecture: string) => ({
    mediaType: manifest.mediaType,
    digest: digestOf(of),
    size: of.length,
    platform: { os: 'linux', architecture },
  });
  const manifests = [entry(amd64.bytes, 'amd64'), entry(bytes, 'arm64')];
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
  await put(`${at}/manifests/${tag}`, mediaType, index);
}

async function readManifest(at: string, tag: string): Promise<{ bytes: Buffer; manifest: ImageManifest }> {
  const accept = 'application/vnd.docker.distribution.manifest.v2+json';
  const text = await textOf(`${at}/manifests/${tag}`, accept);
  return { bytes: Buffer.from(text), manifest: JSON.parse(text) as ImageManifest };
}

async function textOf(url: string, accept = '*/*'): Promise<string> {
  const answer = await fetch(url, { headers: { accept } });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.text();
}

async function put(url: string, type: string, body: Buffer): Promise<void> {
  const answer = await fetch(url, { method: 'PUT', headers: { 'content-type': type }, body });
  if (answer.status !== 201) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
