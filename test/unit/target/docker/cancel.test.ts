import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { ServedModel } from '../../../../src/core/endpoint/endpoint';
import { makeTarget } from '../../../../src/core/release/makeTarget';
import { listReleaseContainers } from '../../../../src/core/target/docker/releaseContainers';
import { connect } from '../../../../src/core/docker/connect';
import { engineWith } from '../../../docker/endpoint/support';
import { FakeEngine, silence } from '../../../host/fakeEngine';
import { KubernetesApi } from '../../../host/kubernetesApi';
import { cancellable, endsSoon, type Cancellable } from '../../../host/silentAt';
import { temporaryFolder } from '../../../host/workspace';
import { served } from '../../endpoint/support';
import { REGISTRY, extensionOptions, logger } from '../kubernetes/support';

const image = `sha256:${'ab'.repeat(32)}`;

describe('a cancel, where the engine that runs models became silent', () => {
  let engine: FakeEngine;
  let iris: ServedModel;
  beforeEach(async () => {
    engine = await FakeEngine.start({
      '/version': { Os: 'linux', Arch: 'amd64', ApiVersion: '1.44' },
      '/info': {},
      '/networks': [{ Name: 'slipway-staging' }],
      '/containers/json': [],
      '/containers/create': { Id: 'c1' },
      '/containers/c1': {},
      '/containers/c1/start': {},
      '/images/json': [],
      [`/images/${image}/json`]: { Config: { Cmd: [] } },
    });
    iris = await served('iris');
  });
  afterEach(() => engine.stop());

  const endsAt = (path: string, work: (task: Cancellable) => Promise<unknown>) =>
    endsSoon(engine, path, work);
  const settings = () => ({
    ...extensionOptions,
    ...{ host: engine.host, nodeBase: 'node', proxyImage: 'proxy', trusted: true },
  });
  const targetWith = (config: object = {}) =>
    makeTarget('staging', { kind: 'docker', ...config }, settings(), logger);
  const request = () => ({ model: iris, note: '' });

  it('ends a check', async () => {
    await endsAt('/info', (task) => targetWith({ registry: REGISTRY }).check(request(), task));
    await endsAt('/info', (task) => targetWith({ gpus: 1 }).check(request(), task));
    await endsAt('/version', (task) => targetWith({ platform: 'linux/arm64' }).check(request(), task));
    engine.answers['/info'] = { Name: hostname(), DockerRootDir: '/' };
    await endsAt('/images/json', (task) => targetWith().check(request(), task));
  });

  it('ends a build', async () => {
    await endsAt('/images/proxy/json', (task) => targetWith().build(request(), task));
  });

  it('ends a build for a cluster, as an export of manifests does', async () => {
    const api = await KubernetesApi.start();
    const config = { kind: 'kubernetes' as const, registry: REGISTRY, kubeconfig: api.kubeconfig };
    const target = makeTarget('staging', config, settings(), logger);
    try {
      await endsAt('/images/node/json', (task) => target.build(request(), task));
    } finally {
      target.dispose();
      await api.stop();
    }
  });

  for (const path of [
    '/images/node/json',
    '/containers/create',
    '/containers/c1/start',
    '/containers/c1/json',
  ]) {
    it(`ends Serve at ${path}`, async () => {
      const dist = await temporaryFolder('bundle');
      await mkdir(join(dist, 'node_modules'));
      await writeFile(join(dist, 'server.js'), '');
      const node = { Id: image, Os: 'linux', Architecture: 'amd64', RepoDigests: [] };
      engine.answers['/images/node/json'] = node;
      engine.answers['/build'] = (query: URLSearchParams) => {
        engine.answers[`/images/${query.get('t')}/json`] = node;
        return {};
      };
      const serving = engineWith({ host: engine.host, nodeBase: 'node', dist });
      await endsAt(path, (task) => serving.serve(iris, task));
    });
  }

  for (const path of [`/images/${image}/json`, '/networks', '/containers/create', '/containers/c1/start']) {
    it(`ends the start of a release at ${path}`, async () => {
      await endsAt(path, (task) => targetWith().apply(request(), image, task));
    });
  }

  it('ends the start of a release also where what was begun can not be removed, and says so', async () => {
    engine.answers['/containers/c1'] = silence;
    const apply = (task: Cancellable) => targetWith().apply(request(), image, task);
    const { reports } = await endsAt('/containers/c1/start', apply);
    assert.match(reports.at(-1) ?? '', /^The container of iris could not be removed: /);
  });

  it('ends a list of releases', async () => {
    engine.answers['/containers/json'] = [{ Id: 'c1', Names: [], Ports: [] }];
    const { signal } = cancellable();
    assert.deepEqual(await listReleaseContainers(connect(engine.host), { target: 'staging' }, signal), []);
    await endsAt('/containers/c1/json', (task) =>
      listReleaseContainers(connect(engine.host), { target: 'staging' }, task.signal),
    );
  });
});
