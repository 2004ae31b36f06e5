import type { Annotations } from './annotate';

/** The machines that an image is for, as OCI names them. */
export interface ImagePlatform {
  os: string;
  architecture: string;
  /** Of the architecture: `v8`. */
  variant?: string;
}

/** A manifest of an index. Source: https://github.com/opencontainers/image-spec/blob/main/image-index.md */
export interface IndexEntry {
  mediaType: string;
  digest: string;
  /** In bytes. */
  size: number;
  platform?: ImagePlatform;
}

const ociIndex = 'application/vnd.oci.image.index.v1+json';

/** An index over images that are the same but for their machines. The same entries and annotations always make the same bytes. */
export function makeIndex(
  manifests: IndexEntry[],
  annotations: Annotations,
): { mediaType: string; bytes: Buffer } {
  const index = { schemaVersion: 2, mediaType: ociIndex, manifests, annotations };
  return { mediaType: ociIndex, bytes: Buffer.from(JSON.stringify(index)) };
}

/** The digest of an index's manifest for machines such as `linux/arm64`; undefined where there is none, and for what is no index. */
export function manifestFor(manifest: Buffer, platform: string): string | undefined {
  const { manifests } = JSON.parse(manifest.toString()) as { manifests?: IndexEntry[] };
  return manifests?.find((entry) => `${entry.platform?.os}/${entry.platform?.architecture}` === platform)
    ?.digest;
}
