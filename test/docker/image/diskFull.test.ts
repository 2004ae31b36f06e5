import assert from 'node:assert/strict';
import { skip } from '../../host/skip';
import { engineWith, served, taskOf } from '../endpoint/support';
import { targetOf } from '../target/support';
import { startSmallEngine, type SmallEngine } from './smallEngine';
import { importTinyImage } from './support';

describe('an engine whose disk is full', () => {
  let small: SmallEngine | undefined;
  before(async function () {
    if (process.platform !== 'linux' || process.getuid?.() !== 0)
      skip(this, 'a disk is made by root on Linux');
    small = await startSmallEngine(128);
    await importTinyImage(small.docker, 'tiny:1');
  });
  after(() => small?.stop());

  it('is named before anything is built, with how much is missing', async () => {
    assert.ok(small);
    small.fill(20);
    const { host } = small;
    const full = {
      code: 'disk-full',
      message:
        /^The disk of the Docker engine has (1\d|2[01]) MB free at \/.+\/data, but the image of \w+ needs 67 MB\.$/,
      next: /docker image prune" and "docker builder prune"/,
    };
    const model = await served('iris');
    await assert.rejects(engineWith({ host, nodeBase: 'tiny:1' }).serve(model, taskOf()), full);
    const target = targetOf('no-room', { host });
    await assert.rejects(target.check({ model, note: '' }, taskOf()), full);
    small.fill(90);
    await target.check({ model, note: '' }, taskOf());
  });

  it('while it builds is named as such with what helps, and nothing half made is left on it', async () => {
    assert.ok(small);
    small.fill(90);
    const engine = engineWith({ host: small.host, nodeBase: 'tiny:1' });
    const { signal } = taskOf();
    let filled = false;
    const report = (words: string) => {
      if (filled || !words.startsWith('Building')) return;
      filled = true;
      small?.fill(0);
    };
    await assert.rejects(engine.serve(await served('no-room'), { signal, report }), {
      code: 'disk-full',
      message: /the disk is full/,
      next: /docker image prune" and "docker builder prune"/,
    });
    const images = await small.docker.listImages({ all: true });
    assert.deepEqual(
      images.flatMap(({ RepoTags }) => RepoTags ?? []),
      ['tiny:1'],
    );
    assert.deepEqual(await small.docker.listContainers({ all: true }), []);
  });
});
