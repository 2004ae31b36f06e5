import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import { importImage } from '../../host/importImage';

/** Makes an image with a single small file in it. */
export async function importTinyImage(docker: Docker, image: string): Promise<void> {
  const archive = pack();
  archive.entry({ name: 'etc/hostname' }, 'tiny\n');
  archive.finalize();
  await importImage(docker, image, archive);
}
