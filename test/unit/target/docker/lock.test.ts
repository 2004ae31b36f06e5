import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../../../src/core/docker/connect';
import { labels } from '../../../../src/core/docker/labels';
import { modelLock, withLock } from '../../../../src/core/target/docker/lock';
import type { ReleaseContainer } from '../../../../src/core/target/docker/releaseContainers';
import type { Site } from '../../../../src/core/target/docker/site';
import { FakeEngine, Refusal } from '../../../host/fakeEngine';
import { taskOf } from '../kubernetes/support';

const lock = { name: 'slipway-staging.iris-lock', Image: 'sha256:ab', Labels: {} };
const created = '2026-11-29T12:00:00Z';

describe('the lock of another deploy on a Docker engine', () => {
  let engine: FakeEngine;
  beforeEach(async () => {
    engine = await FakeEngine.start({
      '/containers/create': new Refusal(409, 'the name is taken'),
      [`/containers/${lock.name}/json`]: { Id: 'other', Created: created },
      '/containers/other': {},
    });
  });
  afterEach(() => engine.stop());

  /** Whether it is taken away by one who waits for it for a moment. */
  async function isTakenAway(info: object): Promise<boolean> {
    engine.answers['/info'] = info;
    const controller = new AbortController();
    const task = { signal: controller.signal, report: () => undefined };
    const waiting = withLock(connect(engine.host), lock, task, () => Promise.resolve());
    await sleep(400);
    controller.abort();
    await assert.rejects(waiting, { name: 'AbortError' });
    return engine.asked.includes('DELETE /containers/other');
  }

  it('is left behind when it is older than what it guards takes, by the clock of the engine', async () => {
    assert.equal(await isTakenAway({ SystemTime: '2026-11-29T12:00:59Z' }), false);
    assert.equal(await isTakenAway({ SystemTime: '2026-11-29T12:01:01Z' }), true);
  });

  it('is left alone where the engine does not say what time it is', async () => {
    assert.equal(await isTakenAway({}), false);
  });
});

describe('the lock of a model whose release lost its image on a Docker engine', () => {
  const name = 'slipway-staging.iris-lock';
  const Labels = { [labels.kind]: 'lock', [labels.target]: 'staging', [labels.model]: 'iris' };
  let engine: FakeEngine;
  beforeEach(async () => {
    engine = await FakeEngine.start({
      '/containers/lock': {},
      '/images/haproxy/json': { Id: 'sha256:option' },
    });
  });
  afterEach(() => engine.stop());

  /** What containers the engine was asked for, when it has all images but these. */
  async function made(...missing: string[]): Promise<unknown[]> {
    const docker = connect(engine.host);
    const bodies: unknown[] = [];
    docker.createContainer = ((options: { Image: string }) => {
      bodies.push(options);
      const error = Object.assign(new Error(`No such image: ${options.Image}`), { statusCode: 404 });
      return missing.includes(options.Image) ? Promise.reject(error) : Promise.resolve({ id: 'lock' });
    }) as typeof docker.createContainer;
    const site = { docker, target: 'staging', proxyImage: 'haproxy' } as Site;
    const release = { model: { name: 'iris' }, image: 'sha256:release' } as ReleaseContainer;
    await withLock(docker, modelLock(site, release), taskOf(), () => Promise.resolve());
    assert.deepEqual(engine.asked.slice(-1), ['DELETE /containers/lock']);
    return bodies;
  }

  it('is made from the image that its proxy has', async () => {
    engine.answers['/containers/slipway-staging.iris-proxy/json'] = { Image: 'sha256:proxy' };
    assert.deepEqual((await made('sha256:release')).at(-1), { name, Image: 'sha256:proxy', Labels });
  });

  it('is made from the image that its proxy would have, where there is none', async () => {
    assert.deepEqual((await made('sha256:release')).at(-1), { name, Image: 'sha256:option', Labels });
  });

  it('is made from the image of the release where the engine has it', async () => {
    assert.deepEqual(await made(), [{ name, Image: 'sha256:release', Labels }]);
    assert.deepEqual(engine.asked, ['DELETE /containers/lock']);
  });

  it('fails for an image that nobody can replace', async () => {
    engine.answers['/containers/slipway-staging.iris-proxy/json'] = { Image: 'sha256:proxy' };
    await assert.rejects(made('sha256:release', 'sha256:proxy'), /No such image: sha256:proxy/);
  });
});
