import assert from 'node:assert/strict';
import { rollBack } from '../../../src/core/release/rollBack';
import { FakeTarget, release } from './fakeTarget';

const task = { signal: new AbortController().signal, report: () => undefined };

describe('rolling back', () => {
  it('puts back the newest release before the one that serves', async () => {
    const target = new FakeTarget('staging', [
      release(1, 'retired'),
      release(2, 'retired'),
      release(3, 'serving'),
      release(4, 'retired'),
      release(5, 'candidate'),
    ]);
    assert.equal((await rollBack(target, 'iris', task)).revision, 2);
    assert.equal((await rollBack(target, 'iris', task)).revision, 1);
  });

  it('passes over a release that is being deleted', async () => {
    const target = new FakeTarget('staging', [
      release(1, 'retired', { health: 'stopped' }),
      release(2, 'retired', { health: 'deleting' }),
      release(3, 'serving'),
    ]);
    assert.equal((await rollBack(target, 'iris', task)).revision, 1);
  });

  it('says that there is nothing to go back to', async () => {
    const target = new FakeTarget('staging', [
      release(1, 'candidate'),
      release(2, 'serving'),
      release(3, 'retired'),
    ]);
    await assert.rejects(rollBack(target, 'iris', task), {
      code: 'release-missing',
      message: 'iris on staging has no release before revision 2.',
    });
    await assert.rejects(rollBack(target, 'digits', task), {
      code: 'release-missing',
      message: 'digits on staging has no release that served.',
    });
    assert.ok(!target.calls.includes('promote'));
  });

  it('goes back to the last that served when none serves any more', async () => {
    const target = new FakeTarget('staging', [release(1, 'retired'), release(2, 'retired')]);
    assert.equal((await rollBack(target, 'iris', task)).revision, 2);
  });
});
