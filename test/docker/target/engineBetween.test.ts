import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Release, Target } from '../../../src/core/target/target';
import { EngineBetween } from '../../host/engineBetween';
import {
  cleanUp,
  predict,
  sendTraffic,
  startCandidate,
  stateOf,
  subjectOf,
  targetOf,
  taskOf,
  type Subject,
} from './support';

const name = 'between-test';
const lock = /^POST \/containers\/create\?name=[\w.-]+-lock/;
const signal = /^POST .*\/kill\?signal=SIGUSR2$/;
/** How long somebody who cancels may wait, in milliseconds: this machine may be busy. */
const SOON = 4_000;

describe('a Docker target with somebody between it and its engine', () => {
  let engine: EngineBetween;
  let iris: Subject;
  let target: Target;
  let first: Release;

  before(async () => {
    iris = await subjectOf('iris');
    engine = await EngineBetween.start();
  });
  beforeEach(async () => {
    await cleanUp(name);
    target = targetOf(name, { host: engine.host });
    first = await target.promote(await startCandidate(target, iris), taskOf());
  });
  afterEach(() => {
    engine.fateOf = () => 'done';
    return cleanUp(name);
  });
  after(() => engine.stop());

  async function revisionThere(): Promise<string> {
    assert.ok(first.stableUrl);
    return (await predict(first.stableUrl)).revision;
  }

  describe('whose proxy loses the signal for a reload, as HAProxy does while it reloads,', () => {
    it('says it again', async () => {
      assert.ok(first.stableUrl);
      const traffic = sendTraffic(first.stableUrl);
      let signals = 0;
      engine.fateOf = (asked) => (signal.test(asked) && signals++ % 2 === 0 ? 'lost' : 'done');
      await target.promote(await startCandidate(target, iris), taskOf());
      assert.equal(await stateOf(target), '2 serving ready, 1 retired stopped');
      assert.equal(await revisionThere(), 'r2');
      await traffic.stop();
    });

    it('says it again also to go back, before the release that was cancelled is removed', async () => {
      const candidate = await startCandidate(target, iris);
      const controller = new AbortController();
      let signals = 0;
      engine.fateOf = (asked) => {
        if (!signal.test(asked)) return 'done';
        signals++;
        // The second one is for the new routes. It gets through; the person cancels; and the one after it, which is to undo it, is lost.
        if (signals === 2) setTimeout(() => controller.abort(), 80);
        return signals === 3 ? 'lost' : 'done';
      };
      await assert.rejects(target.promote(candidate, taskOf(controller.signal)), { name: 'AbortError' });
      assert.ok(signals > 3);
      assert.equal(await revisionThere(), 'r1');
      await target.fail(candidate, 'it was cancelled', taskOf());
      assert.equal(await revisionThere(), 'r1');
    });
  });

  describe('beside which somebody promotes the same release', () => {
    /** Lets another promote a release as soon as this target asks for something, and this one go on then. */
    function promotedMeanwhile(release: Release, at = lock, then?: () => void): void {
      const other = targetOf(name);
      let promoting: Promise<'done'> | undefined;
      engine.fateOf = (asked) => {
        if (promoting || !at.test(asked)) return 'done';
        return (promoting = other.promote(release, taskOf()).then(() => {
          then?.();
          return 'done';
        }));
      };
    }

    it('leaves it running when it is cancelled itself', async () => {
      const second = await target.promote(await startCandidate(target, iris), taskOf());
      assert.equal(second.revision, 2);
      const controller = new AbortController();
      promotedMeanwhile(first, lock, () => controller.abort());
      await assert.rejects(target.promote(first, taskOf(controller.signal)), { name: 'AbortError' });
      assert.equal(await stateOf(target), '2 retired stopped, 1 serving ready');
      assert.equal(await revisionThere(), 'r1');
    });

    it('promotes it too, though the other has started it', async () => {
      await target.promote(await startCandidate(target, iris), taskOf());
      promotedMeanwhile(first, /^POST \/containers\/\w+\/start$/);
      assert.equal((await target.promote(first, taskOf())).state, 'serving');
      assert.equal(await stateOf(target), '2 retired stopped, 1 serving ready');
    });

    it('does not remove it, though it has failed to prove itself here', async () => {
      const candidate = await startCandidate(target, iris);
      promotedMeanwhile(candidate);
      await assert.rejects(target.fail(candidate, 'its samples fail', taskOf()), {
        message: 'By now revision 2 of iris serves, so it stays.',
      });
      assert.equal(await revisionThere(), 'r2');
    });
  });

  describe('that falls silent', () => {
    /** Cancels some work as soon as the engine does not answer what it asks once, and fails unless it ends soon. */
    async function endsSoon(what: RegExp, work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
      const controller = new AbortController();
      let silent = false;
      engine.fateOf = (asked) => {
        if (silent || !what.test(asked)) return 'done';
        silent = true;
        setTimeout(() => controller.abort());
        return 'silence';
      };
      const ended = work(controller.signal).then(
        () => assert.fail('It was not cancelled.'),
        (error: unknown) => error as Error,
      );
      const cancelled = new Promise((resolve) => controller.signal.addEventListener('abort', resolve));
      await Promise.race([cancelled, ended]);
      const error = await Promise.race([ended, sleep(SOON, new Error('It does not end.'))]);
      assert.equal(error.name, 'AbortError', error.message);
    }

    for (const [step, what] of Object.entries({
      'gets its lock': lock,
      'writes its routes': /^PUT \/containers\/\w+\/archive\?/,
      'tells its proxy': signal,
      'looks who still answers': /^GET \/containers\/\w+\/top$/,
    })) {
      it(`lets go of a promotion that is cancelled while it ${step}, and the old release serves`, async () => {
        const candidate = await startCandidate(target, iris);
        await endsSoon(what, (cancel) => target.promote(candidate, taskOf(cancel)));
        assert.equal(await revisionThere(), 'r1');
        assert.equal(await stateOf(target), '2 candidate ready, 1 serving ready');
      });
    }

    it('lets go of a removal that is cancelled', async () => {
      const candidate = await startCandidate(target, iris);
      await endsSoon(/^DELETE \/containers\/[0-9a-f]{64}\?/, (cancel) =>
        target.remove(candidate, taskOf(cancel)),
      );
    });

    it('does not hold up a release that serves already', async () => {
      const candidate = await startCandidate(target, iris);
      let looks = 0;
      engine.fateOf = (asked) => (/\/top$/.test(asked) && looks++ > 0 ? 'silence' : 'done');
      assert.equal((await target.promote(candidate, taskOf())).state, 'serving');
      assert.equal(await stateOf(target), '2 serving ready, 1 retired stopped');
    });
  });
});
