import type Docker from 'dockerode';
import type { Readable } from 'node:stream';
import type { Pack } from 'tar-stream';

/** Makes an image of one layer from an archive of its files. `changes` are lines of a Dockerfile. */
export async function importImage(
  docker: Docker,
  image: string,
  archive: Pack | Readable,
  changes: string[] = [],
): Promise<void> {
  const [repo, tag] = image.split(':');
  // `@types/dockerode` knows neither the promise nor that an archive may be a stream.
  const send = docker.importImage.bind(docker) as unknown as (
    archive: Pack | Readable,
    options: object,
  ) => Promise<NodeJS.ReadableStream>;
  const stream = await send(archive, {
    repo,
    tag,
    ...(changes.length > 0 && { changes: changes.join('\n') }),
  });
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error, output: { error?: string }[]) => {
      const failure = error ?? output.find((line) => line.error)?.error;
      if (failure) reject(new Error(`${image} could not be made: ${String(failure)}`));
      else resolve();
    });
  });
}
