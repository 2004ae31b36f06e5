import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { buildForCluster } from '../../../src/core/target/kubernetes/build';
import { deploymentOf, leaveCommand } from '../../../src/core/target/kubernetes/deploymentManifest';
import { answersReady } from '../../../src/core/target/http';
import { baseImages } from '../../host/baseImages';
import { docker, predict, subjectOf, taskOf } from './support';

interface PodContainer {
  args: string[];
  securityContext: { readOnlyRootFilesystem: boolean; capabilities: { drop: string[] } };
}

describe('the image of a release for a cluster', () => {
  it('serves under what its pod allows, with the arguments of its Deployment', async () => {
    const request = await subjectOf('iris');
    const options = {
      host: '',
      nodeBase: baseImages.node,
      pythonBase: baseImages.python,
      dist: resolve('dist'),
      version: '0.0.0',
      trusted: () => true,
      checkPush: () => Promise.resolve(),
      push: () => Promise.reject(new Error('nothing is pushed here')),
    };
    const [image] = await buildForCluster(options, request, taskOf());
    const origin = { author: 'ada@home', created: new Date() };
    const made = { target: 'cluster-image-test', request, image, revision: 7, origin };
    const { spec } = deploymentOf({ registry: 'registry.test' }, made).spec.template;
    const { runAsUser, runAsGroup } = spec['securityContext'] as { runAsUser: number; runAsGroup: number };
    const { args, securityContext } = spec.containers[0] as unknown as PodContainer;
    const container = await docker.createContainer({
      Image: image,
      Cmd: args,
      User: `${runAsUser}:${runAsGroup}`,
      ExposedPorts: { '8080/tcp': {} },
      HostConfig: {
        ReadonlyRootfs: securityContext.readOnlyRootFilesystem,
        CapDrop: securityContext.capabilities.drop,
        SecurityOpt: ['no-new-privileges'],
        Tmpfs: { '/tmp': '' },
        PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
      },
    });
    try {
      await container.start();
      const { NetworkSettings } = await container.inspect();
      const url = `http://127.0.0.1:${NetworkSettings.Ports['8080/tcp']?.[0]?.HostPort}`;
      const { signal } = taskOf();
      for (const deadline = Date.now() + 20_000; !(await answersReady(url, signal));) {
        assert.ok(Date.now() < deadline, 'it is not ready');
        await new Promise((done) => setTimeout(done, 100));
      }
      assert.equal((await predict(url)).status, 200);
      const metadata = (await (await fetch(`${url}/v2/models/iris`)).json()) as { versions: string[] };
      assert.deepEqual(metadata.versions, ['7']);

      const leaving = await container.exec({ Cmd: leaveCommand, AttachStdout: true });
      const output = await leaving.start({});
      await new Promise((done) => output.resume().once('end', done));
      assert.equal((await leaving.inspect()).ExitCode, 0);
    } finally {
      await container.remove({ force: true });
    }
  });
});
