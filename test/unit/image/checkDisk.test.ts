import assert from 'node:assert/strict';
import { truncate, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../../src/core/docker/connect';
import { checkDisk } from '../../../src/core/image/checkDisk';
import { makeTarget } from '../../../src/core/release/makeTarget';
import { FakeEngine } from '../../host/fakeEngine';
import { KubernetesApi } from '../../host/kubernetesApi';
import { skip } from '../../host/skip';
import { temporaryFolder } from '../../host/workspace';
import { engineWith } from '../../docker/endpoint/support';
import { REGISTRY, extensionOptions, logger, taskOf } from '../target/kubernetes/support';

/** As much as no disk of a test has free; the file has no content, and takes no room. */
const HUGE = 15e12;
const MIB = 1024 * 1024;

describe('the disk of an engine on this machine', () => {
  let engine: FakeEngine;
  let root: string;
  let huge: { name: string; path: string; hash: string };
  before(async function () {
    if (process.platform === 'win32') skip(this, 'a file without content takes room on Windows');
    root = await temporaryFolder('disk');
    const path = join(root, 'huge.ubj');
    await writeFile(path, '');
    await truncate(path, HUGE);
    huge = { name: 'huge', path, hash: 'ab' };
  });
  beforeEach(async () => {
    engine = await FakeEngine.start({
      '/info': { Name: hostname(), DockerRootDir: root },
      '/images/json': [],
      '/containers/json': [],
      '/version': { Os: 'linux', Arch: 'amd64', ApiVersion: '1.44' },
    });
  });
  afterEach(() => engine.stop());

  const full = {
    code: 'disk-full',
    message:
      /^The disk of the Docker engine has .+ free at \/.+disk-\w+, but the image of huge needs 15 TB\.$/,
    next: /docker image prune" and "docker builder prune"/,
  };
  const settings = () => ({ ...extensionOptions, host: engine.host, proxyImage: '', trusted: true });

  it('is known to be too small before a deploy builds anything', async () => {
    const target = makeTarget('staging', { kind: 'docker' }, settings(), logger);
    await assert.rejects(target.check({ model: huge, note: '' }, taskOf()), full);
    const kept = makeTarget('staging', { kind: 'docker', registry: REGISTRY }, settings(), logger);
    await assert.rejects(kept.check({ model: huge, note: '' }, taskOf()), full);
    await target.check(undefined, taskOf());
  });

  it('is known to be too small before a model is served from it', async () => {
    await assert.rejects(engineWith({ host: engine.host }).serve(huge, taskOf()), full);
  });

  it('is known to be too small before an image is built for a cluster', async () => {
    const api = await KubernetesApi.start();
    const config = { kind: 'kubernetes' as const, registry: REGISTRY, kubeconfig: api.kubeconfig };
    const target = makeTarget('staging', { ...config, platform: 'linux/amd64' }, settings(), logger);
    try {
      await assert.rejects(target.check({ model: huge, note: '' }, taskOf()), full);
    } finally {
      target.dispose();
      await api.stop();
    }
  });

  /** Checks a model of one byte, beside which there are so many bytes free. */
  async function checkWith(free: number): Promise<void> {
    const path = join(root, 'small.ubj');
    await writeFile(path, '1');
    const small = { name: 'small', path, hash: 'cd' };
    const asked: string[] = [];
    await checkDisk(connect(engine.host), engine.host, small, taskOf().signal, (folder) => {
      asked.push(folder);
      return Promise.resolve(free);
    });
    assert.deepEqual(asked, [root]);
  }

  it('has to have room for the model and a little more, in words with both', async () => {
    await checkWith(64 * MIB + 1);
    await assert.rejects(checkWith(64 * MIB), {
      code: 'disk-full',
      message: `The disk of the Docker engine has 67 MB free at ${root}, but the image of small needs 67 MB.`,
    });
    await assert.rejects(checkWith(12e6), { message: /has 12 MB free at .* needs 67 MB\.$/ });
  });

  const check = (host = engine.host) => checkDisk(connect(host), host, huge, taskOf().signal);

  it('is not asked for more where the engine has the image already', async () => {
    engine.answers['/images/json'] = [{ Id: 'sha256:1' }];
    await check();
  });

  it('is not spoken of where it can not be asked', async () => {
    const unknown: [string, unknown][] = [
      ['a folder that is not here', { Name: hostname(), DockerRootDir: join(root, 'nowhere') }],
      ['another machine behind the socket', { Name: 'docker-desktop', DockerRootDir: root }],
      ['an engine that does not say', {}],
    ];
    for (const [, info] of unknown) {
      engine.answers['/info'] = info;
      await check();
    }
    await check('tcp://127.0.0.1:9');
  });
});
