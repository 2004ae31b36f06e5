import Docker from 'dockerode';
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { labels } from '../../../src/core/docker/labels';
import { ensureRuntimeImage } from '../../../src/core/image/runtimeImage';
import { temporaryFolder } from '../../host/workspace';
import { taskOf } from '../endpoint/support';
import { importTinyImage } from './support';

const docker = new Docker();
const base = 'slipway-test/tiny:runtime';

/** A bundle in the shape of the real one, with so little in it that a build is quick. */
async function bundle(server: string): Promise<string> {
  const dist = await temporaryFolder('bundle');
  const binaries = join(dist, 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64');
  await mkdir(binaries, { recursive: true });
  await writeFile(join(binaries, 'libonnxruntime.so.1'), 'no library');
  await writeFile(join(dist, 'server.js'), server);
  return dist;
}

async function runtimes(): Promise<string[]> {
  const images = await docker.listImages({ filters: { label: [`${labels.base}=${base}`] } });
  return images.flatMap(({ RepoTags }) => RepoTags ?? []);
}

describe('the runtime image', () => {
  before(() => importTinyImage(docker, base));
  after(async () => {
    for (const tag of await runtimes()) await docker.getImage(tag).remove({ force: true });
    await docker.getImage(base).remove();
  });

  it('is built once, anew for another version, and the one before goes unless it is used', async () => {
    const build = async (server: string) =>
      ensureRuntimeImage(docker, { dist: await bundle(server), nodeBase: base, version: '0.0.0' }, taskOf());
    const first = await build('1');
    assert.equal(await build('1'), first);
    const second = await build('2');
    assert.notEqual(second, first);
    assert.deepEqual(await runtimes(), [second]);

    const user = await docker.createContainer({ Image: second, Cmd: ['nothing'] });
    try {
      const third = await build('3');
      assert.deepEqual((await runtimes()).sort(), [second, third].sort());
    } finally {
      await user.remove();
    }
  });
});
