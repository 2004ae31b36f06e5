import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../../../src/core/docker/connect';
import { withLock } from '../../../../src/core/target/docker/lock';
import { FakeEngine, Refusal } from '../../../host/fakeEngine';

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
