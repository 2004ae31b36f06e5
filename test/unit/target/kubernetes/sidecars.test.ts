import assert from 'node:assert/strict';
import { hashModel } from '../../../../src/core/model/hashModel';
import { deploy } from '../../../../src/core/release/deploy';
import { problemOf, runs, stageOf } from '../../../../src/core/target/kubernetes/podWords';
import type { ContainerStatus, Pod } from '../../../../src/core/target/kubernetes/objects';
import type { Release, Target } from '../../../../src/core/target/target';
import { KubernetesApi } from '../../../host/kubernetesApi';
import { hostileModel } from '../../fixtures';
import { knative, kserveTargetOf } from '../kserve/support';
import { deployTask, eventually, serve, subjectOf, targetOf, type Subject } from './support';

describe('a pod that has other containers beside the server', () => {
  let api: KubernetesApi;
  let target: Target;
  let iris: Subject;
  before(async () => (iris = await subjectOf('iris')));
  afterEach(async () => {
    target.dispose();
    await api.stop();
  });

  async function assertLog(release: Release): Promise<void> {
    const controller = new AbortController();
    let text = '';
    const reading = (async () => {
      for await (const piece of target.logs(release, controller.signal)) text += piece;
    })();
    await eventually(() => text.includes('Serving iris at'));
    controller.abort();
    await reading;
    assert.doesNotMatch(text, /its own words/);
  }

  it('has the log of its server', async () => {
    api = await KubernetesApi.start({ sidecar: 'istio-proxy' });
    target = targetOf(api);
    await assertLog(await serve(target, iris));
  });

  it('has the log of its server with KServe on Knative', async () => {
    api = await KubernetesApi.start({ kserve: knative, sidecar: 'queue-proxy' });
    target = kserveTargetOf(api);
    await assertLog(await serve(target, iris));
  });

  it('is told by its server: the last lines of a model that can not be loaded', async () => {
    api = await KubernetesApi.start({ sidecar: 'istio-proxy' });
    target = targetOf(api);
    const path = hostileModel('sequence-output');
    const model = { name: 'iris', path, hash: await hashModel(path) };
    await assert.rejects(deploy(target, { ...iris, model }, deployTask()), {
      message: /does not start.*[^]*sequence/,
    });
  });
});

describe('the words for a pod with other containers', () => {
  const running: ContainerStatus = {
    name: 'istio-proxy',
    ready: true,
    restartCount: 0,
    state: { running: {} },
  };
  const status = (name: string, state: ContainerStatus['state']) => ({
    ...{ name, ready: false, restartCount: 0, state },
  });
  function pod(containerStatuses: ContainerStatus[], initContainerStatuses: ContainerStatus[] = []): Pod {
    const metadata = { name: 'iris-r1-abc' };
    const spec = { nodeName: 'node-1' };
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec,
      status: { containerStatuses, initContainerStatuses },
    };
  }

  it('are about the server, wherever it stands', () => {
    const waiting = pod([running, status('server', { waiting: { reason: 'ContainerCreating' } })]);
    assert.equal(runs(waiting), false);
    assert.equal(stageOf(waiting), 'pulling its image on node-1');
    const crashed = pod([running, status('kserve-container', { terminated: { exitCode: 3 } })]);
    assert.equal(problemOf(crashed)?.words, 'Its server ended: exit code 3.');
    assert.equal(runs(pod([running, { ...running, name: 'server' }])), true);
  });

  it('name another one that hinders it', () => {
    const server = { ...running, name: 'server' };
    const message = 'back-off pulling "istio/proxyv2"';
    const unpulled = pod([
      server,
      status('istio-proxy', { waiting: { reason: 'ImagePullBackOff', message } }),
    ]);
    assert.deepEqual(problemOf(unpulled), {
      words: `The cluster can not pull the image of its container istio-proxy: ${message}.`,
      ended: true,
      crashed: false,
    });
    const init = status('istio-init', { terminated: { exitCode: 1, reason: 'Error' } });
    const unready = pod([status('server', { waiting: { reason: 'PodInitializing' } })], [init]);
    assert.equal(problemOf(unready)?.words, 'Its container istio-init ended: exit code 1.');
    const done = { ...status('istio-init', { terminated: { exitCode: 0 } }), ready: true };
    assert.equal(problemOf(pod([server], [done])), undefined);
  });
});
