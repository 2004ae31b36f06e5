import Docker from 'dockerode';
import assert from 'node:assert/strict';
import { pack } from 'tar-stream';
import type { UserError } from '../../../src/core/errors';
import { buildImage } from '../../../src/core/image/buildImage';
import { importImage } from '../../host/importImage';
import { taskOf } from '../endpoint/support';

const docker = new Docker();
const base = 'slipway-test/foreign:1';

describe('a build with a step that runs', () => {
  before(async () => {
    const archive = pack();
    // No machine runs this, as none runs what was made for another one.
    archive.entry({ name: 'foreign', mode: 0o755 }, 'made for another machine\n');
    archive.finalize();
    await importImage(docker, base, archive);
  });
  after(() => docker.getImage(base).remove());

  it('on machines that the engine is not says what helps, and leaves nothing', async () => {
    const build = {
      what: 'the image of iris',
      tag: 'slipway-test/foreign:2',
      from: base,
      labels: { 'dev.slipway.test': 'foreign' },
      instructions: ['RUN ["/foreign"]'],
      files: [],
    };
    await assert.rejects(buildImage(docker, build, taskOf()), (error: UserError) => {
      assert.equal(error.code, 'build-failed');
      assert.match(error.message, /^Slipway could not build the image of iris: a step of it has to run/);
      assert.match(error.next ?? '', /^Build on an engine that runs on such machines, or install QEMU/);
      return true;
    });
    const filters = { label: ['dev.slipway.test=foreign'] };
    assert.deepEqual(await docker.listImages({ all: true, filters }), []);
  });
});
