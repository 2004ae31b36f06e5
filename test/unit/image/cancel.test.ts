import type Docker from 'dockerode';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../../src/core/docker/connect';
import { ensureImage } from '../../../src/core/docker/images';
import type { ServedModel } from '../../../src/core/endpoint/endpoint';
import { enginePlatform } from '../../../src/core/image/baseImage';
import { buildModelImage } from '../../../src/core/image/modelImage';
import { publish } from '../../../src/core/image/registry/publish';
import { ensureRuntimeImage } from '../../../src/core/image/runtimeImage';
import { makeTarget } from '../../../src/core/release/makeTarget';
import type { TaskContext } from '../../../src/core/task';
import { engineWith } from '../../docker/endpoint/support';
import { FakeEngine, silence } from '../../host/fakeEngine';
import { KubernetesApi } from '../../host/kubernetesApi';
import { temporaryFolder } from '../../host/workspace';
import { served } from '../endpoint/support';
import { REGISTRY, extensionOptions, logger } from '../target/kubernetes/support';

/** How long somebody who cancels may wait, in milliseconds: what is taken back has 2 s, and this machine may be busy. */
const SOON = 4_000;

const image = {
  ...{ Id: `sha256:${'ab'.repeat(32)}`, Os: 'linux', Architecture: 'amd64' },
  ...{ Created: '2026-01-01T00:00:00Z', RepoDigests: [] },
};

interface Cancelled extends TaskContext {
  reports: string[];
  cancel: () => void;
}

function taskOf(): Cancelled {
  const controller = new AbortController();
  const reports: string[] = [];
  const report = (words: string) => void reports.push(words);
  return { signal: controller.signal, reports, report, cancel: () => controller.abort() };
}

describe('a cancel at an engine that answered and is silent then', function () {
  this.timeout(10_000);
  let engine: FakeEngine;
  let docker: Docker;
  let iris: ServedModel;
  let task: Cancelled;
  beforeEach(async () => {
    engine = await FakeEngine.start({
      '/version': { Os: 'linux', Arch: 'amd64', ApiVersion: '1.44' },
      '/info': {},
      '/containers/json': [],
      '/images/json': [],
      '/images/node/json': image,
      '/images/prune': {},
    });
    docker = connect(engine.host);
    iris = await served('iris');
    task = taskOf();
  });
  afterEach(() => engine.stop());

  /** Does some work, which is cancelled as soon as it asks for this path. */
  async function endsSoon(path: string, work: () => Promise<unknown>): Promise<void> {
    const asked = new Promise<void>((resolve) => {
      engine.answers[path] = () => {
        setTimeout(task.cancel);
        resolve();
        return silence;
      };
    });
    const ended = work().then(
      () => assert.fail('It was not cancelled.'),
      (error: unknown) => error as Error,
    );
    await Promise.race([asked, ended]);
    const error = await Promise.race([ended, sleep(SOON, new Error('It does not end.'))]);
    assert.equal(error.name, 'AbortError', error.message);
  }

  const settings = () => ({
    ...extensionOptions,
    ...{ host: engine.host, nodeBase: 'node', proxyImage: 'proxy', trusted: true },
  });
  const request = () => ({ model: iris, note: '' });

  it('ends the look at an image', async () => {
    await endsSoon('/images/base/json', () => ensureImage(docker, 'base', 'slipway.image.proxy', task));
  });

  it('ends the look at the machines that images are made for', async () => {
    await endsSoon('/images/base/json', () => enginePlatform(docker, 'base', task.signal));
    task = taskOf();
    await endsSoon('/version', () => enginePlatform(docker, 'other', task.signal));
  });

  it('ends a check of a deploy', async () => {
    const target = makeTarget('staging', { kind: 'docker', registry: REGISTRY }, settings(), logger);
    await endsSoon('/info', () => target.check(request(), task));
    task = taskOf();
    engine.answers['/info'] = { Name: hostname(), DockerRootDir: '/' };
    await endsSoon('/images/json', () => target.check(request(), task));
    task = taskOf();
    const gpus = makeTarget('staging', { kind: 'docker', gpus: 1 }, settings(), logger);
    await endsSoon('/info', () => gpus.check(request(), task));
    task = taskOf();
    const arm = makeTarget('staging', { kind: 'docker', platform: 'linux/arm64' }, settings(), logger);
    await endsSoon('/version', () => arm.check(request(), task));
  });

  it('ends the build of a deploy', async () => {
    const target = makeTarget('staging', { kind: 'docker' }, settings(), logger);
    await endsSoon('/images/proxy/json', () => target.build(request(), task));
  });

  it('ends the build for a cluster, as an export of manifests does', async () => {
    const api = await KubernetesApi.start();
    const config = { kind: 'kubernetes' as const, registry: REGISTRY, kubeconfig: api.kubeconfig };
    const target = makeTarget('staging', config, settings(), logger);
    try {
      await endsSoon('/images/node/json', () => target.build(request(), task));
    } finally {
      target.dispose();
      await api.stop();
    }
  });

  it('ends Serve', async () => {
    const serving = engineWith({ host: engine.host, nodeBase: 'node' });
    await endsSoon('/images/node/json', () => serving.serve(iris, task));
  });

  it('ends a build', async () => {
    await endsSoon('/build', () => buildModelImage(docker, 'slipway-runtime:1', iris, task));
  });

  it('ends a build also where what it left can not be removed, and says so', async () => {
    engine.answers['/images/prune'] = silence;
    await endsSoon('/build', () => buildModelImage(docker, 'slipway-runtime:2', iris, task));
    assert.match(task.reports.at(-1) ?? '', /^What was built of the image of iris could not be removed: /);
  });

  it('ends the wait for another build of the same', async () => {
    const first = taskOf();
    const asked = new Promise<void>((resolve) => {
      engine.answers['/build'] = () => (resolve(), silence);
    });
    const building = buildModelImage(docker, 'slipway-runtime:3', iris, first);
    await asked;
    const waiting = buildModelImage(docker, 'slipway-runtime:3', iris, task);
    setTimeout(task.cancel, 50);
    await assert.rejects(Promise.race([waiting, sleep(SOON)]), { name: 'AbortError' });
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
    await endsSoon('/images/slipway-runtime:old', () => ensureRuntimeImage(docker, options, task));
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

    const push = () => publish(docker, name.replace('/iris', ''), { model: iris }, [image.Id], task);

    it('ends what is asked before', async () => {
      await endsSoon('/info', push);
      task = taskOf();
      engine.answers['/info'] = {};
      await endsSoon(`/images/${image.Id}/json`, push);
    });

    it('ends the naming of the image', async () => {
      await endsSoon(`/images/${image.Id}/tag`, push);
    });

    it('ends also where the name can not be taken back, and says so', async () => {
      engine.answers[`${named()}/push`] = () => (task.cancel(), silence);
      await endsSoon(named(), push);
      assert.match(task.reports.at(-1) ?? '', /^The name .*iris:abab.* could not be removed: /);
    });
  });
});
