import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode, UserError } from '../../src/core/errors';
import {
  deploy as runDeploy,
  deploySteps,
  finishDeploy,
  type Deployment,
  type DeployStep,
  type DeployTask,
} from '../../src/core/release/deploy';
import { rollBack } from '../../src/core/release/rollBack';
import type { Release, Target } from '../../src/core/target/target';
import { sendTraffic, type Traffic } from './traffic';

/** A kind of target, with what it takes to try it. */
export interface Place {
  /** A target at this place; all that it makes are of the same releases. */
  target(): Target;
  /** The same with another configuration, of which a deploy makes another release. */
  changed(): Target;
  /** Targets that can not work, and the codes of the errors that say so. */
  broken: { why: string; target: () => Target; code: ErrorCode }[];
  /** The same target by a way that can be cut, and the code of the errors that say so; absent where there is none. */
  remote?: { target(): Target; cut(): void; mend(): Promise<void>; code: ErrorCode };
  /** Whether a release gets all of the traffic or none there. */
  undivided?: boolean;
  /** A good deployment of the model `iris`. */
  deployment(): Deployment;
  /** What the place holds of the target, in any words. */
  leftovers(): Promise<string[]>;
  cleanUp(): Promise<void>;
  /** Ends the server of a revision behind the target's back. */
  endServer(revision: number): Promise<void>;
  /** The command that deploys the same in a process of its own, and prints `STEP STATE` for each step. */
  child: string[];
  before?(): Promise<void>;
  after?(): Promise<void>;
}

/** What a target of every kind has to stand, with real releases. */
export function describeConformance(title: string, place: Place): void {
  describe(`${title}, as every target,`, () => {
    let target: Target;

    before(() => place.before?.());
    beforeEach(() => {
      target = place.target();
    });
    afterEach(async () => {
      target.dispose();
      await place.cleanUp();
    });
    after(() => place.after?.());

    it('deploys, and the same address leads to what serves, without a gap', async () => {
      const first = await deploy(target);
      assert.equal(first.state, 'serving');
      const traffic = send(addressOf(first));
      const second = await deploy(target, { note: 'second' });
      assert.equal(addressOf(second), addressOf(first));
      await assert.rejects(deploy(target, { samples: failing() }), { code: 'verify-failed' });
      assert.equal(await revisionAt(first), 2);
      await deploy(target, { note: 'third' });
      const back = await rollBack(target, 'iris', taskOf());
      assert.equal(back.note, 'second');
      assert.equal(await revisionAt(first), 2);
      assert.ok(((await traffic.stop())['answered'] ?? 0) > 100);
      assert.equal(await statesOf(target), '3 retired, 2 serving, 1 retired');
      const { samples } = place.deployment();
      assert.equal(back.proof, `${samples.length} of ${samples.length} samples pass`);
      assert.equal(back.proofSamples?.length, samples.length);
    });

    it('keeps the old release where the samples fail on the new one, and leaves nothing of that', async () => {
      const first = await deploy(target);
      const before = await place.leftovers();
      await assert.rejects(deploy(target, { samples: failing() }), {
        code: 'verify-failed',
        message: /Revision 2 of iris fails 1 of \d+ samples\.\nimpossible, label\[0\]: Expected 2, got 0/,
      });
      assert.deepEqual((await place.leftovers()).sort(), before.sort());
      assert.equal(await revisionAt(first), 1);
    });

    for (const step of deploySteps) {
      it(`cancelled in the step ${step} keeps the old release, and leaves nothing else`, async function () {
        if (step === 'push' && !target.push) return;
        const first = await deploy(target);
        const before = await place.leftovers();
        const controller = new AbortController();
        const cancel = (at: DeployStep) => at === step && setTimeout(() => controller.abort(), 20);
        await assert.rejects(deploy(target, {}, taskOf(controller.signal, cancel)), { name: 'AbortError' });
        assert.deepEqual((await place.leftovers()).sort(), before.sort());
        assert.equal(await revisionAt(first), 1);
      });
    }

    it('changes nothing for what serves already, until a sample or a setting is another', async () => {
      const again = async (to: Target, what: Partial<Deployment> = {}) => {
        const deployment = { ...place.deployment(), ...what, anyway: false };
        const { release, unchanged } = await runDeploy(to, deployment, taskOf());
        return `r${release.revision} ${unchanged ? 'unchanged' : 'new'}`;
      };
      assert.equal(await again(target), 'r1 new');
      assert.equal(await again(target, { note: 'again' }), 'r1 unchanged');
      assert.equal(await again(target, { samples: place.deployment().samples.slice(1) }), 'r2 new');
      const changed = place.changed();
      try {
        assert.equal(await again(changed), 'r3 new');
        assert.equal(await again(changed), 'r3 unchanged');
      } finally {
        changed.dispose();
      }
    });

    it('says before what it would change, and changes nothing by that', async () => {
      const { model } = place.deployment();
      const before = await place.leftovers();
      const changes = await target.plan({ model, note: 'planned' }, taskOf());
      assert.ok(changes.some(({ action }) => action === 'create'));
      assert.deepEqual((await place.leftovers()).sort(), before.sort());
    });

    it('gives a canary its part of the traffic and then all of it, without a gap', async function () {
      if (!target.setTraffic || place.undivided) return;
      const first = await deploy(target);
      const traffic = send(addressOf(first));
      const states = new Set<string>();
      const task = taskOf();
      task.report = (words) => {
        if (/ for 2 s$/.test(words))
          setTimeout(() => void statesOf(target).then((state) => states.add(state)), 1500);
      };
      const canary = { steps: [50], watchSeconds: 2, maxErrorRate: 0.01, maxSlower: 20 };
      assert.equal((await deploy(target, { canary }, task)).state, 'serving');
      assert.deepEqual([...states], ['2 canary, 1 serving']);
      await traffic.stop();
    });

    it('takes the traffic back from a canary that ends, without a gap', async function () {
      if (!target.setTraffic || place.undivided) return;
      const first = await deploy(target);
      const traffic = send(addressOf(first));
      const setTraffic = target.setTraffic.bind(target);
      target.setTraffic = async (release, percent, task) => {
        const shared = await setTraffic(release, percent, task);
        if (percent > 0) await place.endServer(2);
        return shared;
      };
      const canary = { steps: [50], watchSeconds: 30, maxErrorRate: 0.01, maxSlower: 20 };
      await assert.rejects(deploy(target, { canary }), { code: 'canary-failed' });
      assert.equal(await statesOf(target), '1 serving');
      await traffic.stop();
    });

    it('promotes again what another promotion is about to stop, without a gap', async () => {
      const first = await deploy(target);
      const second = await deploy(target, { note: 'second' });
      const traffic = send(addressOf(first));
      const other = place.target();
      /** How long the first promotion goes on when the traffic has moved, in milliseconds. */
      let rest = 0;
      try {
        for (const part of [1, 0.3, 0.6, 0.9, 0.95, 0.99]) {
          const promoting = target.promote(first, taskOf());
          while ((await statesOf(other)) !== '2 retired, 1 serving') await sleep(5);
          const moved = performance.now();
          if (part === 1) await promoting;
          else await sleep(part * rest);
          rest ||= performance.now() - moved;
          const back = await other.promote(second, taskOf());
          await promoting;
          assert.equal(`${back.state}, ${back.health}`, 'serving, ready');
          assert.equal(await statesOf(target), '2 serving, 1 retired');
          assert.equal(await revisionAt(first), 2);
        }
      } finally {
        other.dispose();
      }
      await traffic.stop();
    });

    it('gives two deploys at the same time a revision each, and one of them the traffic', async () => {
      const other = place.target();
      try {
        const [one, two] = await Promise.all([
          deploy(target, { note: 'one' }),
          deploy(other, { note: 'two' }),
        ]);
        assert.notEqual(one.revision, two.revision);
        const releases = await target.list(taskOf().signal);
        assert.deepEqual(releases.map(({ note }) => note).sort(), ['one', 'two']);
        const serving = releases.filter(({ state }) => state === 'serving');
        assert.equal(serving.length, 1);
        assert.equal(await revisionAt(one), serving[0]?.revision);
      } finally {
        other.dispose();
      }
    });

    for (const step of ['candidate', 'verify', 'traffic'] as const) {
      it(`finds what a deploy left that was killed in the step ${step}, and finishes and removes it`, async () => {
        const first = await deploy(target);
        const [command = '', ...rest] = place.child;
        const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
        for await (const line of createInterface(child.stdout)) {
          if (line === `${step} ${step === 'candidate' ? 'done' : 'running'}`) break;
        }
        child.kill('SIGKILL');
        await once(child, 'exit');

        assert.equal((await predict(addressOf(first))).status, 200);
        const left = (await target.list(taskOf().signal)).find(({ revision }) => revision === 2);
        assert.ok(left, 'the candidate is found');
        assert.equal((await finishDeploy(target, left, place.deployment(), taskOf())).state, 'serving');
        assert.equal(await revisionAt(first), 2);
        const back = await rollBack(target, 'iris', taskOf());
        assert.deepEqual(await target.remove(left, taskOf()), []);
        assert.deepEqual(await target.remove(back, taskOf()), []);
        assert.deepEqual(await place.leftovers(), []);
      });
    }

    it('cancelled as the first deploy leaves nothing at all', async () => {
      const controller = new AbortController();
      const cancel = (at: DeployStep) => at === 'verify' && controller.abort();
      await assert.rejects(deploy(target, {}, taskOf(controller.signal, cancel)), { name: 'AbortError' });
      assert.deepEqual(await place.leftovers(), []);
    });

    for (const step of ['verify', 'traffic'] as const) {
      it(`keeps the old release where the network is lost in the step ${step}, and goes on when it is back`, async () => {
        const { remote } = place;
        if (!remote) return;
        const away = remote.target();
        try {
          const first = await deploy(away);
          const before = await place.leftovers();
          const task = taskOf(undefined, (at) => at === 'verify' && step === at && remote.cut());
          task.report = (words) => {
            if (step === 'traffic' && /^Moving (the )?traffic/.test(words)) remote.cut();
          };
          await assert.rejects(deploy(away, { note: 'second' }, task), (error: UserError) => {
            assert.match(
              error.message,
              /(can not be reached|went away|answers at)[^]*\nLeft behind is revision 2 of iris: /,
            );
            assert.ok(error.next);
            return true;
          });
          await assert.rejects(away.list(taskOf().signal), { code: remote.code });
          assert.equal(await statesOf(target), '2 candidate, 1 serving');

          await remote.mend();
          assert.equal(await revisionAt(first), 1);
          const left = (await away.list(taskOf().signal)).find(({ revision }) => revision === 2);
          assert.ok(left);
          if (step === 'verify') {
            assert.equal((await finishDeploy(away, left, place.deployment(), taskOf())).state, 'serving');
            assert.equal(await revisionAt(first), 2);
          } else {
            assert.deepEqual(await away.remove(left, taskOf()), []);
            assert.deepEqual((await place.leftovers()).sort(), before.sort());
          }
        } finally {
          await remote.mend();
          away.dispose();
        }
        // Docker's lock that nobody could take away is waited for until it counts as left behind.
      }).timeout(120_000);
    }

    for (const { why, target: make, code } of place.broken) {
      it(`says it in words when ${why}, before anything is built`, async () => {
        const away = make();
        const steps: string[] = [];
        try {
          await assert.rejects(
            runDeploy(
              away,
              place.deployment(),
              taskOf(undefined, (step) => steps.push(step)),
            ),
            { code },
          );
          await assert.rejects(away.list(taskOf().signal), { code });
          assert.deepEqual(steps, ['check']);
        } finally {
          away.dispose();
        }
      });
    }

    /** A new revision, also of what serves already. */
    async function deploy(to: Target, what: Partial<Deployment> = {}, task = taskOf()): Promise<Release> {
      return (await runDeploy(to, { ...place.deployment(), anyway: true, ...what }, task)).release;
    }

    /** The samples with one that the model does not fulfil. */
    function failing(): Deployment['samples'] {
      const { samples } = place.deployment();
      const [sample] = samples;
      assert.ok(sample);
      return [...samples, { ...sample, name: 'impossible', expected: { label: [2] } }];
    }
  });
}

function taskOf(signal = new AbortController().signal, onStep?: (step: DeployStep) => void): DeployTask {
  return {
    signal,
    report: () => undefined,
    onStep: (step, state) => state === 'running' && onStep?.(step),
  };
}

function addressOf({ stableUrl }: Release): string {
  assert.ok(stableUrl);
  return stableUrl;
}

async function statesOf(target: Target): Promise<string> {
  const releases = await target.list(taskOf().signal);
  return releases
    .sort((a, b) => b.revision - a.revision)
    .map(({ revision, state }) => `${revision} ${state}`)
    .join(', ');
}

/** Which revision answers at the stable address, by what its server says of itself. */
async function revisionAt(release: Release): Promise<number> {
  const { body } = await exchange(`${addressOf(release)}/v2/models/iris`);
  const { versions } = JSON.parse(body) as { versions: string[] };
  return Number(versions[0]);
}

function predict(url: string, agent: Agent | false = false): Promise<{ status: number; body: string }> {
  return exchange(`${url}/predict`, '{"inputs":{"measurements":[[5.1,3.5,1.4,0.2]]}}', agent);
}

/** One request, which leaves no connection behind unless an agent keeps it. */
async function exchange(
  url: string,
  body?: string,
  agent: Agent | false = false,
): Promise<{ status: number; body: string }> {
  const headers = { 'content-type': 'application/json' };
  const sent = request(url, { agent, headers, method: body === undefined ? 'GET' : 'POST' }).end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, body: await text(answer) };
}

/** A client that predicts 200 times a second. */
function send(url: string): Traffic {
  return sendTraffic(async (agent) => {
    const { status, body } = await predict(url, agent);
    if (status === 200 && body.includes('"label"')) return 'answered';
    throw new Error(`${status} ${body}`);
  }, 10);
}
