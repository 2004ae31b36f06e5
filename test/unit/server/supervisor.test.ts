import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../../src/server/failure';
import { FrameReader } from '../../../src/server/worker/frameReader';
import { encodeFrame } from '../../../src/server/worker/frames';
import type { FromWorker, OutgoingTensor, ToWorker } from '../../../src/server/worker/frames';
import type { WorkerProcess } from '../../../src/server/worker/launch';
import { Supervisor } from '../../../src/server/worker/supervisor';
import { eventually } from './support/serverProcess';

type Behaviour = (message: ToWorker, end: (how: string) => void) => FromWorker | undefined;

/** A worker that runs in this very process and answers as `behave` says. */
function fakeWorker(behave: Behaviour): WorkerProcess {
  const input = new PassThrough();
  const output = new PassThrough();
  let end!: (how: string) => void;
  const ended = new Promise<string>((resolve) => (end = resolve));
  const reader = new FrameReader<ToWorker>(({ header }) => {
    const answer = behave(header, end);
    if (answer) for (const buffer of encodeFrame(answer)) output.write(buffer);
  }, 1e6);
  input.on('data', (chunk: Buffer) => reader.push(chunk));
  return { input, output, ended, kill: () => end('was ended by SIGKILL') };
}

const good: Behaviour = (message) =>
  message.kind === 'load' ? { kind: 'loaded' } : { kind: 'result', id: message.id, milliseconds: 1 };
const crashing: Behaviour = (message, end) => {
  if (message.kind === 'load') return { kind: 'loaded' };
  end('was ended by SIGSEGV');
  return undefined;
};

const failing: Behaviour = () => ({ kind: 'failed', reason: 'load', message: 'no such opset' });

describe('supervisor', () => {
  let supervisor: Supervisor;
  afterEach(() => supervisor.stop());

  /** Each start takes the next behaviour; the last one is repeated. */
  function supervise(...behaviours: Behaviour[]): { starts: number[]; log: string[] } {
    return superviseWarm(undefined, ...behaviours);
  }

  function superviseWarm(
    warmUp: OutgoingTensor[] | undefined,
    ...behaviours: Behaviour[]
  ): { starts: number[]; log: string[] } {
    const starts: number[] = [];
    const log: string[] = [];
    supervisor = new Supervisor({
      launch: () => {
        starts.push(performance.now());
        return fakeWorker(behaviours[Math.min(starts.length, behaviours.length) - 1] as Behaviour);
      },
      model: 'm.onnx',
      limits: { runSeconds: 0.2, loadSeconds: 0.2, memoryBytes: 0, outputBytes: 1000 },
      session: {},
      warmUp,
      log: (message) => log.push(message),
    });
    return { starts, log };
  }

  const fails = (status: number, words: RegExp) => (error: unknown) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.status, status);
    assert.match(error.message, words);
    return true;
  };

  it('runs the model once before it is ready, and does without where that goes wrong', async () => {
    const seen: string[] = [];
    const noting: Behaviour = (message, end) => {
      seen.push('wide' in message ? 'wide run' : message.kind);
      return good(message, end);
    };
    superviseWarm([], noting);
    await supervisor.start();
    assert.deepEqual(seen.splice(0), ['load', 'run']);
    supervisor.stop();

    const wide: Behaviour = (message, end) =>
      message.kind === 'load' ? { kind: 'loaded', wide: true } : noting(message, end);
    superviseWarm([], wide);
    await supervisor.start();
    assert.deepEqual(seen, ['run', 'wide run']);
    supervisor.stop();

    const refusing: Behaviour = (message, end) =>
      message.kind === 'load'
        ? good(message, end)
        : { kind: 'failed', id: message.id, reason: 'model', message: 'no zeros' };
    const { starts: refused } = superviseWarm([], refusing);
    await supervisor.start();
    assert.equal(refused.length, 1);
    supervisor.stop();

    const endless: Behaviour = (message) => (message.kind === 'load' ? { kind: 'loaded' } : undefined);
    const { starts } = superviseWarm([], endless, good);
    await supervisor.start();
    assert.equal(starts.length, 2);
    assert.ok(supervisor.ready);
    assert.equal(supervisor.restarts, 0);
  });

  it('says why the first load fails, and tries no second one', async () => {
    const { starts } = supervise(failing);
    await assert.rejects(supervisor.start(), fails(500, /no such opset/));
    await sleep(50);
    assert.equal(starts.length, 1);
  });

  it('gives up a load that takes too long', async () => {
    supervise(() => undefined);
    await assert.rejects(supervisor.start(), fails(504, /Loading the model took longer than 0.2 s/));
  });

  it('starts another worker at once after the first failure, and later after ever longer pauses', async () => {
    const { starts } = supervise(crashing);
    await supervisor.start();
    for (let round = 0; round < 4; round++) {
      await eventually(() => supervisor.ready);
      await assert.rejects(supervisor.run([]), (error: unknown) => {
        assert.deepEqual((error as Failure).headers, { 'Retry-After': '1' });
        return fails(503, /worker process was ended by SIGSEGV/)(error);
      });
    }
    await eventually(() => starts.length === 5);
    const pauses = starts.slice(1).map((start, index) => start - (starts[index] as number));
    assert.ok((pauses[0] as number) < 200, `${pauses[0]}`);
    assert.ok((pauses[1] as number) >= 240, `${pauses[1]}`);
    assert.ok((pauses[2] as number) >= 490, `${pauses[2]}`);
    assert.equal(supervisor.restarts, 4);
  });

  it('says so when a load fails, while it pauses, and when it is over', async () => {
    supervise(crashing, failing, good);
    const told: string[] = [];
    supervisor.onDown = (failure) => told.push(failure.message);
    await supervisor.start();
    await assert.rejects(supervisor.run([]));
    await eventually(() => supervisor.down !== undefined);
    assert.match(told[0] ?? '', /not loaded: no such opset It is started again in 0.25 s/);
    assert.deepEqual(supervisor.down?.headers, { 'Retry-After': '1' });
    await eventually(() => supervisor.ready);
    assert.equal(supervisor.down, undefined);
    assert.equal(supervisor.pausing, undefined);
  });

  it('has requests wait through short pauses after crashes, and refuses them when it pauses for longer', async () => {
    supervise(crashing, crashing, crashing, crashing, crashing, good);
    const told: string[] = [];
    supervisor.onDown = (failure) => told.push(failure.message);
    await supervisor.start();
    for (const seconds of [undefined, 0.25, 0.5, 1]) {
      await eventually(() => supervisor.ready);
      await assert.rejects(supervisor.run([]));
      if (seconds === undefined) continue;
      await eventually(() => supervisor.pausing !== undefined);
      assert.match(supervisor.pausing?.message ?? '', /not loaded: .*SIGSEGV/);
      assert.ok(supervisor.pausing?.message.endsWith(`started again in ${seconds} s.`));
      assert.equal(supervisor.down, undefined);
    }
    assert.deepEqual(told, []);
    await eventually(() => supervisor.ready);
    await assert.rejects(supervisor.run([]));
    await eventually(() => supervisor.down !== undefined);
    assert.match(told[0] ?? '', /not loaded: .*SIGSEGV.* started again in 2 s/);
    await eventually(() => supervisor.ready);
    assert.equal(supervisor.down, undefined);
  });

  it('gives a run up only once its worker has shown what runs take', async () => {
    supervise(good);
    await supervisor.start();
    assert.equal(supervisor.patience, Infinity);
    await supervisor.run([]);
    assert.ok(supervisor.patience >= 1010 && supervisor.patience < 2000, `${supervisor.patience}`);
    supervisor.giveUp();
    await eventually(() => !supervisor.ready);
    await eventually(() => supervisor.ready);
    assert.equal(supervisor.patience, Infinity);
    assert.equal(supervisor.restarts, 1);
  });

  it('forgets failures after a good run', async () => {
    let runs = 0;
    const goodThenCrashing: Behaviour = (message, end) =>
      message.kind === 'load' || runs++ === 0 ? good(message, end) : crashing(message, end);
    const { starts } = supervise(crashing, goodThenCrashing, good);
    supervisor.onDown = () => assert.fail('no pause is due');
    await supervisor.start();
    await assert.rejects(supervisor.run([]));
    await eventually(() => supervisor.ready);
    await supervisor.run([]);
    const failed = performance.now();
    await assert.rejects(supervisor.run([]));
    await eventually(() => supervisor.ready);
    assert.equal(starts.length, 3);
    assert.ok((starts[2] as number) - failed < 200, 'no pause is due');
  });

  it('ends a worker that does not answer, with the reason', async () => {
    supervise((message) => (message.kind === 'load' ? { kind: 'loaded' } : undefined), good);
    await supervisor.start();
    await assert.rejects(supervisor.run([]), fails(504, /longer than 0.2 s and was stopped/));
    await eventually(() => supervisor.ready);
    await supervisor.run([]);
  });

  it('starts nothing more once it is stopped', async () => {
    const { starts } = supervise(good);
    await supervisor.start();
    supervisor.stop();
    await sleep(50);
    assert.equal(starts.length, 1);
    assert.equal(supervisor.ready, false);
  });
});
