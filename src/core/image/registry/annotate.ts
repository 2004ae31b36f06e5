import { makeIndex, type IndexEntry } from './imageIndex';

/** What stands beside an image in its registry: `org.opencontainers.image.*` and our own. */
export type Annotations = Record<string, string>;

interface Descriptor {
  mediaType: string;
  digest: string;
}

interface ImageManifest {
  config: Descriptor;
  layers: Descriptor[];
  annotations?: Annotations;
}

/** Several manifests under one name, one for each kind of machine. */
interface Index {
  manifests: IndexEntry[];
  annotations?: Annotations;
}

const ociManifest = 'application/vnd.oci.image.manifest.v1+json';

/** How OCI calls what Docker's manifests name. */
const ociTypes: Record<string, string | undefined> = {
  'application/vnd.docker.container.image.v1+json': 'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.image.rootfs.diff.tar.gzip': 'application/vnd.oci.image.layer.v1.tar+gzip',
  'application/vnd.docker.image.rootfs.diff.tar': 'application/vnd.oci.image.layer.v1.tar',
};

/** The config's digest, which is the id of the image on most engines; undefined for what is no manifest of one image. */
export function configOf(manifest: Buffer): string | undefined {
  return (JSON.parse(manifest.toString()) as Partial<ImageManifest>).config?.digest;
}

/**
 * A manifest in OCI's form, which alone can have annotations; what it names are the same bytes. The same manifest and annotations
 * always make the same bytes.
 */
export function annotate(manifest: Buffer, annotations: Annotations): { mediaType: string; bytes: Buffer } {
  const read = JSON.parse(manifest.toString()) as ImageManifest | Index;
  const all = { ...read.annotations, ...annotations };
  if ('manifests' in read) return makeIndex(read.manifests, all);
  const oci = (named: Descriptor) => ({ ...named, mediaType: ociTypes[named.mediaType] ?? named.mediaType });
  const image = {
    schemaVersion: 2,
    mediaType: ociManifest,
    config: oci(read.config),
    layers: read.layers.map(oci),
    annotations: all,
  };
  return { mediaType: ociManifest, bytes: Buffer.from(JSON.stringify(image)) };
}
