import { createReadStream } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';

/** A file that goes into a build: by its path there, with `/`. */
export interface ContextFile {
  name: string;
  /** Absolute; or the content itself. */
  file: string | Buffer;
  size: number;
}

/** Files below a folder, sorted by path, for which `wanted` says yes; `wanted` gets paths below the folder, with `/`. */
export async function filesBelow(folder: string, wanted: (path: string) => boolean): Promise<ContextFile[]> {
  const entries = await readdir(folder, { recursive: true });
  const names = entries.map((entry) => entry.replaceAll('\\', '/')).filter(wanted);
  const files = await Promise.all(
    names
      .sort()
      .map(async (name) => ({ name, file: join(folder, name), status: await lstat(join(folder, name)) })),
  );
  return files.flatMap(({ name, file, status }) =>
    status.isFile() ? [{ name, file, size: status.size }] : [],
  );
}

/** A file that is not on the disk. */
export function textFile(name: string, text: string): ContextFile {
  const file = Buffer.from(text);
  return { name, file, size: file.length };
}

/** A file of the disk under another name. */
export async function contextFile(name: string, file: string): Promise<ContextFile> {
  return { name, file, size: (await stat(file)).size };
}

/**
 * What a build takes: a Dockerfile and files, as a tar that is read from the disk as it is sent. The same content makes the same
 * bytes, wherever and whenever. `read` sees each piece of each file as it goes by; `verify` is called after the last one and
 * throws when they are not what they should be: then the tar has no end, and no engine takes it.
 */
export function packContext(
  dockerfile: string,
  files: ContextFile[],
  read: (piece: Buffer) => void,
  verify: (() => void) | undefined,
  signal: AbortSignal,
): Readable {
  const archive = pack();
  const fill = async () => {
    archive.entry(header('Dockerfile', { size: Buffer.byteLength(dockerfile) }), dockerfile);
    for (const { name, file, size } of files) {
      const source = Buffer.isBuffer(file)
        ? Readable.from([file])
        : createReadStream(file, { end: Math.max(size - 1, 0) });
      source.on('data', (piece: string | Buffer) => read(piece as Buffer));
      await pipeline(source, archive.entry(header(name, { size })), { signal });
    }
    verify?.();
    archive.finalize();
  };
  fill().catch((error: Error) => archive.destroy(error));
  return Readable.from(archive, { objectMode: false });
}

/** Anyone may read it, nobody may write it, and it says nothing of who made it when. */
function header(name: string, { size }: { size: number }) {
  return { name, size, mode: 0o444, mtime: new Date(0), uid: 0, gid: 0 };
}
