import type Docker from 'dockerode';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../../src/core/docker/connect';
import { ensureImage } from '../../../src/core/docker/images';
import type { ServedModel } from '../../../src/core/endpoint/endpoint';
import { enginePlatform } from '../../../src/core/image/baseImage';
import { buildModelImage } from '../../../src/core/image/modelImage';
import { publish } from '../../../src/core/image/registry/publish';
import { ensureRuntimeImage } from '../../../src/core/image/runtimeImage';
import { FakeEngine, silence } from '../../host/fakeEngine';
import { cancellable, endsSoon, type Cancellable } from '../../host/silentAt';
import { temporaryFolder } from '../../host/workspace';
import { served } from '../endpoint/support';

const image = {
  ...{ Id: `sha256:${'ab'.repeat(32)}`, Os: 'linux', Architecture: 'amd64' },
  ...{ Created: '2026-01-01T00:00:00Z', RepoDigests: [] },
};

describe('a cancel, where the engine that makes images became silent', () => {
  let engine: FakeEngine;
  let docker: Docker;
  let iris: ServedModel;
  beforeEach(async () => {
    engine = await FakeEngine.start({ '/info': {}, '/images/node/json': image, '/images/prune': {} });
    docker = connect(engine.host);
    iris = await served('iris');
  });
  afterEach(() => engine.stop());

  const endsAt = (path: string, work: (task: Cancellable) => Promise<unknown>) =>
    endsSoon(engine, path, work);

  it('ends the look at an image', async () => {
    await endsAt('/images/base/json', (task) => ensureImage(docker, 'base', 'slipway.image.proxy', task));
  });

  it('ends the look at the machines that images are made for', async () => {
    await endsAt('/images/base/json', ({ signal }) => enginePlatform(docker, 'base', signal));
    await endsAt('/version', ({ signal }) => enginePlatform(docker, 'other', signal));
  });

  it('ends a build', async () => {
    await endsAt('/build', (task) => buildModelImage(docker, 'slipway-runtime:1', iris, task));
  });

  it('ends a build also where what it left can not be removed, and says so', async () => {
    engine.answers['/images/prune'] = silence;
    const build = (task: Cancellable) => buildModelImage(docker, 'slipway-runtime:2', iris, task);
    const { reports } = await endsAt('/build', build);
    assert.match(reports.at(-1) ?? '', /^What was built of the image of iris could not be removed: /);
  });

  it('ends the wait for another build of the same', async () => {
    const [first, second] = [cancellable(), cancellable()];
    const asked = new Promise<void>((resolve) => {
      engine.answers['/build'] = () => (resolve(), silence);
    });
    const building = buildModelImage(docker, 'slipway-runtime:3', iris, first);
    await asked;
    const waiting = buildModelImage(docker, 'slipway-runtime:3', iris, second);
    setTimeout(second.cancel, 50);
    await assert.rejects(Promise.race([waiting, sleep(4_000)]), { name: 'AbortError' });
    first.cancel();
    await assert.rejects(building, { name: 'AbortError' });
  });

  it('ends the removal of runtime images that are not needed any more', async () => {
    const dist = await temporaryFolder('bundle');
    await mkdir(join(dist, 'node_modules'));
    await writeFile(join(dist, 'server.js'), '');
    engine.answers['/build'] = (query: URLSearchParams) => {
      engine.answers[`/images/${query.get('t')}/json`] = image;
      return {};
    };
    engine.answers['/images/json'] = [{ RepoTags: ['slipway-runtime:old'] }];
    const options = { dist, nodeBase: 'node', version: '0.0.0' };
    await endsAt('/images/slipway-runtime:old', (task) => ensureRuntimeImage(docker, options, task));
  });

  describe('while it pushes', () => {
    let registry: Server;
    let name: string;
    const named = () => `/images/${name}:${'ab'.repeat(8)}`;
    beforeEach(async () => {
      registry = createServer((_request, response) => response.writeHead(404).end('{}'));
      await once(registry.listen(0, '127.0.0.1'), 'listening');
      name = `127.0.0.1:${(registry.address() as AddressInfo).port}/iris`;
      Object.assign(engine.answers, {
        [`/images/${image.Id}/json`]: image,
        [`/images/${image.Id}/tag`]: {},
        [`${named()}/push`]: {},
        [named()]: [],
      });
    });
    afterEach(() => registry.close());

    const push = (task: Cancellable) =>
      publish(docker, name.replace('/iris', ''), { model: iris }, [image.Id], task);

    it('ends what is asked before', async () => {
      await endsAt('/info', push);
      engine.answers['/info'] = {};
      await endsAt(`/images/${image.Id}/json`, push);
    });

    it('ends the naming of the image', async () => {
      await endsAt(`/images/${image.Id}/tag`, push);
    });

    it('ends also where the name can not be taken back, and says so', async () => {
      engine.answers[named()] = silence;
      const { reports } = await endsAt(`${named()}/push`, push);
      assert.match(reports.at(-1) ?? '', /^The name .*iris:abab.* could not be removed: /);
    });
  });
});
