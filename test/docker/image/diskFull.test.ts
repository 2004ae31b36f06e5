import assert from 'node:assert/strict';
import { skip } from '../../host/skip';
import { engineWith, served, taskOf } from '../endpoint/support';
import { startSmallEngine, type SmallEngine } from './smallEngine';
import { importTinyImage } from './support';

describe('an engine whose disk is full', () => {
  let small: SmallEngine | undefined;
  before(async function () {
    if (process.platform !== 'linux' || process.getuid?.() !== 0)
      skip(this, 'a disk is made by root on Linux');
    small = await startSmallEngine(24);
    await importTinyImage(small.docker, 'tiny:1');
  });
  after(() => small?.stop());

  it('is named as such with what helps, and nothing half made is left on it', async () => {
    assert.ok(small);
    const engine = engineWith({ host: small.host, nodeBase: 'tiny:1' });
    await assert.rejects(engine.serve(await served('no-room'), taskOf()), {
      code: 'disk-full',
      message: /the disk is full/,
      next: /docker system prune/,
    });
    const images = await small.docker.listImages({ all: true });
    assert.deepEqual(
      images.flatMap(({ RepoTags }) => RepoTags ?? []),
      ['tiny:1'],
    );
    assert.deepEqual(await small.docker.listContainers({ all: true }), []);
  });
});
