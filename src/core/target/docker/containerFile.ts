import type Docker from 'dockerode';
import { addAbortSignal, type Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { statusOf } from '../../docker/dockerErrors';
import { extract, pack } from 'tar-stream';

/** Puts a text file into a container, running or not. Only root inside may write it, anyone may read it. */
export async function putFile(container: Docker.Container, path: string, content: string): Promise<void> {
  const archive = pack();
  const parts = path.split('/').filter(Boolean);
  for (let depth = 1; depth < parts.length; depth++) {
    archive.entry({ name: parts.slice(0, depth).join('/'), type: 'directory', mode: 0o755 });
  }
  archive.entry({ name: parts.join('/'), mode: 0o644 }, content);
  archive.finalize();
  await container.putArchive(await buffer(archive), { path: '/' });
}

/** Reads a text file from a container, running or not; undefined when it is not there. */
export async function getFile(
  container: Docker.Container,
  path: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  let archive: NodeJS.ReadableStream;
  try {
    archive = await container.getArchive({ path, abortSignal: signal });
    addAbortSignal(signal, archive as Readable);
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
  const entries = extract();
  archive.on('error', (error) => entries.destroy(error as Error));
  archive.pipe(entries);
  let content: string | undefined;
  for await (const entry of entries) content = await text(entry);
  return content;
}
