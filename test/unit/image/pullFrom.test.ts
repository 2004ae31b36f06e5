import assert from 'node:assert/strict';
import { connect } from '../../../src/core/docker/connect';
import { inWords } from '../../../src/core/docker/dockerErrors';
import { pullFrom } from '../../../src/core/image/registry/pullFrom';
import { FakeEngine } from '../../host/fakeEngine';
import { taskOf } from '../target/kubernetes/support';

describe('a pull from a registry', () => {
  const place = `registry.test/models/iris@sha256:${'ab'.repeat(32)}`;
  const pulling = async (words: string) => {
    const engine = await FakeEngine.start({
      '/images/create': { error: words, errorDetail: { message: words } },
    });
    try {
      const task = taskOf();
      await inWords('start iris', task.signal, () => pullFrom(connect(engine.host), place, task));
    } finally {
      await engine.stop();
    }
  };

  it('for which the engine has no room is not told as a refusal of the registry', async () => {
    const words = 'failed to register layer: write /usr/bin/node: no space left on device';
    const next = /docker image prune" and "docker builder prune"/;
    await assert.rejects(pulling(words), { code: 'disk-full', next });
    await assert.rejects(pulling('manifest unknown'), { code: 'registry-refused' });
  });
});
