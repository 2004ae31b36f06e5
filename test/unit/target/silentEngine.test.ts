import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { makeTarget } from '../../../src/core/release/makeTarget';
import { KubernetesApi } from '../../host/kubernetesApi';
import { copyWorkspace, temporaryFolder } from '../../host/workspace';
import { errorIn, slipway } from '../cli/support';
import { REGISTRY, extensionOptions, logger, subjectOf, taskOf } from './kubernetes/support';

describe('an engine that takes connections and never answers', () => {
  const sockets = new Set<Socket>();
  let server: Server;
  let host: string;
  before(async () => {
    server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    host = `tcp://127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  const silent = {
    code: 'engine-unreachable',
    message: /the Docker engine at .* does not answer in time\.$/,
  };
  const settings = () => ({ ...extensionOptions, host, proxyImage: '', trusted: true });

  it('is told as one that can not be reached, whatever is asked of it', async () => {
    const target = makeTarget('staging', { kind: 'docker' }, settings(), logger);
    const iris = await subjectOf('iris');
    await Promise.all([
      assert.rejects(target.check(iris, taskOf()), silent),
      assert.rejects(target.plan(iris, taskOf()), silent),
      assert.rejects(target.list(taskOf().signal), silent),
    ]);
  });

  it('is given up at once when it is cancelled', async () => {
    const target = makeTarget('staging', { kind: 'docker' }, settings(), logger);
    const controller = new AbortController();
    const listing = target.list(controller.signal);
    await once(server, 'connection');
    controller.abort();
    await assert.rejects(listing, { name: 'AbortError' });
  });

  it('that shall build for a cluster is known before anything is built', async () => {
    const api = await KubernetesApi.start();
    const config = { kind: 'kubernetes' as const, registry: REGISTRY, kubeconfig: api.kubeconfig };
    const target = makeTarget('staging', config, settings(), logger);
    try {
      await assert.rejects(target.check(await subjectOf('iris'), taskOf()), silent);
    } finally {
      target.dispose();
      await api.stop();
    }
  });

  it('is given up by what builds for a cluster without a check, as an export of manifests does', async () => {
    const api = await KubernetesApi.start();
    const config = { kind: 'kubernetes' as const, registry: REGISTRY, kubeconfig: api.kubeconfig };
    const target = makeTarget('staging', config, settings(), logger);
    try {
      await assert.rejects(target.build(await subjectOf('iris'), taskOf()), silent);
    } finally {
      target.dispose();
      await api.stop();
    }
  });

  it('does not hold up the command line for ever', async () => {
    const workspace = await copyWorkspace(join(await temporaryFolder('silent'), 'workspace'));
    await writeFile(
      join(workspace, 'slipway.json'),
      JSON.stringify({ targets: { staging: { kind: 'docker' } } }),
    );
    const env = { SLIPWAY_DOCKER_HOST: host };
    const words = ['deploy', 'models/iris.onnx', '--target', 'staging', '--json'];
    const ended = await slipway(words, workspace, { env });
    assert.deepEqual([ended.code, errorIn(ended).code], [1, 'engine-unreachable'], ended.err);
  });
});
