import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { UserError } from '../../../src/core/errors';
import { inspectModel } from '../../../src/core/model/inspectModel';
import type { Signature } from '../../../src/core/model/signature';
import {
  deploy,
  deploySteps,
  requestOf,
  stepsFor,
  type DeployStep,
  type DeployTask,
} from '../../../src/core/release/deploy';
import type { Release } from '../../../src/core/target/target';
import type { Sample } from '../../../src/core/sample/sample';
import { parseSamples } from '../../../src/core/sample/samplesFile';
import { workspaceModel } from '../fixtures';
import { startServer, stopServers, type TestServer } from '../server/support/serverProcess';
import { FakeTarget, release } from './fakeTarget';

const model = { name: 'iris', path: workspaceModel('iris'), hash: 'ab' };
let server: TestServer;
let signature: Signature;
let samples: Sample[];
let target: FakeTarget;
let steps: string[];

/** A task that writes its steps down. `onStep` may do more. */
function task(signal = new AbortController().signal, onStep?: (step: DeployStep) => void): DeployTask {
  return {
    signal,
    report: () => undefined,
    onStep: (step, state, detail) => {
      steps.push([step, state, ...(detail ? [detail] : [])].join(' '));
      if (state === 'running') onStep?.(step);
    },
  };
}

function wrongSample(): Sample {
  const [first] = samples as [Sample];
  return { ...first, name: 'wrong', expected: { label: [2] } };
}

/** What tells these samples from others, as it is asked of a target. */
function hashOf(text: string): string | undefined {
  const { samples: parsed, problems } = parseSamples(text);
  assert.deepEqual(problems, []);
  return requestOf({ model, signature: undefined, samples: parsed, note: '' }).samplesHash;
}

function assertOnlyBefore(): void {
  assert.deepEqual(
    target.releases.map(({ revision, state }) => [revision, state]),
    [[1, 'serving']],
  );
}

describe('a deploy', () => {
  before(async () => {
    server = await startServer(model.path, '--name', 'iris');
    ({ signature } = await inspectModel(model.path));
    samples = parseSamples(await readFile(model.path.replace('.onnx', '.samples.json'), 'utf8')).samples;
  });
  after(stopServers);
  beforeEach(() => {
    steps = [];
    target = new FakeTarget('staging', [release(1, 'serving')]);
    target.url = server.url;
  });

  it('proves a candidate with all samples, then gives it the traffic', async () => {
    const { release: deployed } = await deploy(target, { model, signature, samples, note: 'n' }, task());
    assert.equal(deployed.revision, 2);
    assert.equal(deployed.state, 'serving');
    assert.equal(deployed.proof, `${samples.length} of ${samples.length} samples pass`);
    assert.deepEqual(
      deployed.proofSamples?.map(({ name, result }) => [name, result]),
      samples.map(({ name }) => [name, 'passed']),
    );
    assert.deepEqual(
      steps.filter((step) => !step.includes('running')),
      [
        'check done',
        'build done 0123456789ab',
        'candidate done revision 2 of iris',
        `verify done ${samples.length} of ${samples.length} samples pass`,
        'traffic done',
      ],
    );
    assert.deepEqual(
      steps.filter((step) => step.includes('running')),
      stepsFor(target).map((step) => `${step} running`),
    );
  });

  it('says so when there is nothing to prove it with', async () => {
    await deploy(target, { model, signature, samples: [], note: '' }, task());
    assert.ok(steps.includes('verify done no samples: only readiness and the signature were checked'));
  });

  it('that fails its samples names the values, and what served goes on', async () => {
    const all = [...samples, wrongSample()];
    await assert.rejects(
      deploy(target, { model, signature, samples: all, note: '' }, task()),
      (error: UserError) => {
        assert.equal(error.code, 'verify-failed');
        assert.match(error.message, new RegExp(`Revision 2 of iris fails 1 of ${all.length} samples`));
        assert.match(error.message, /\nwrong, label\[0\]: Expected 2, got 0/);
        assert.doesNotMatch(error.message, /log/);
        return true;
      },
    );
    assertOnlyBefore();
    assert.ok(target.calls.some((call) => call.startsWith('fail: Revision 2 of iris fails')));
  });

  it('of another model than the file is found out without samples', async () => {
    const { signature: digits } = await inspectModel(workspaceModel('digits'));
    await assert.rejects(deploy(target, { model, signature: digits, samples: [], note: '' }, task()), {
      code: 'verify-failed',
      message: /serves another model than the file: it has no input /,
    });
    assertOnlyBefore();
  });

  it('with a sample that does not fit the model builds nothing', async () => {
    const unfit = { ...wrongSample(), inputs: { nothing: [1] } };
    await assert.rejects(deploy(target, { model, signature, samples: [unfit], note: '' }, task()), {
      code: 'sample-invalid',
    });
    assert.deepEqual(target.calls, []);
  });

  it('whose server ends tells why, with the end of its log', async () => {
    target.url = 'http://127.0.0.1:9';
    target.log = ['loading\n', 'the model is broken\n'];
    const apply = target.apply.bind(target);
    target.apply = async (...args) => {
      const candidate = await apply(...args);
      Object.assign(candidate, { health: 'stopped', detail: 'Its server ended: exit code 1.' });
      return candidate;
    };
    await assert.rejects(deploy(target, { model, signature, samples, note: '' }, task()), {
      code: 'verify-failed',
      message:
        /does not start\. Its server ended: exit code 1\.\nThe last lines of its log:\nloading\nthe model is broken$/,
    });
    assertOnlyBefore();
  });

  it('whose candidate somebody removes is not waited for', async () => {
    target.url = 'http://127.0.0.1:9';
    const apply = target.apply.bind(target);
    target.apply = async (...args) => Object.assign(await apply(...args), { health: 'deleting' });
    await assert.rejects(deploy(target, { model, signature, samples, note: '' }, task()), {
      code: 'verify-failed',
      message: /does not start\. It is being removed\.$/,
    });
  });

  it('of what serves already changes nothing where only some of its servers are missing', async () => {
    const again = () => deploy(target, { model, signature, samples, note: '' }, task());
    const health = (more: Partial<Release>) => {
      target.releases = target.releases.map((each) =>
        each.state === 'serving' ? { ...each, ...more } : each,
      );
    };
    await again();
    health({ health: 'degraded', replicas: { ready: 1, wanted: 2 } });
    assert.equal((await again()).unchanged, true);
    health({ health: 'degraded', replicas: undefined });
    assert.equal((await again()).unchanged, false, 'its only server ends again and again');
  });

  it('that is not promoted leaves no candidate', async () => {
    target.behaviour.promote = new UserError('port-taken', 'Port 8600 is taken.', 'Stop what holds it.');
    await assert.rejects(deploy(target, { model, signature, samples, note: '' }, task()), {
      code: 'port-taken',
    });
    assertOnlyBefore();
    assert.equal(steps.at(-1), 'traffic failed Port 8600 is taken.');
  });

  it('tells what it leaves behind when even that fails', async () => {
    target.behaviour.fail = new Error('the engine went away');
    await assert.rejects(deploy(target, { model, signature, samples: [wrongSample()], note: '' }, task()), {
      code: 'verify-failed',
      message: /wrong, label[^]*\nLeft behind is revision 2 of iris: the engine went away/,
    });
  });

  for (const cancelled of deploySteps) {
    it(`cancelled in the step ${cancelled} leaves what served and no candidate`, async () => {
      const controller = new AbortController();
      const slow = {
        check: 'check',
        build: 'build',
        candidate: 'apply',
        verify: undefined,
        push: 'push',
        traffic: 'promote',
      } as const;
      const method = slow[cancelled];
      if (cancelled === 'push') target.takesFromRegistry();
      if (method) target.behaviour[method] = 5_000;
      const cancel = (step: DeployStep) => step === cancelled && setTimeout(() => controller.abort(), 2);
      // Enough samples that the verification is still at work.
      const many = Array.from({ length: 2_000 }, () => samples[0] as Sample);
      const all = cancelled === 'verify' ? many : samples;
      await assert.rejects(
        deploy(target, { model, signature, samples: all, note: '' }, task(controller.signal, cancel)),
        { name: 'AbortError' },
      );
      assertOnlyBefore();
      assert.equal(steps.at(-1), `${cancelled} failed cancelled`);
    });
  }
});

describe('the samples that a release is made with', () => {
  const text = '{"samples": [{"name": "a", "inputs": {"x": [1, 2]}, "expected": {"y": [3]}}]}';

  it('are the same however their file is laid out', () => {
    const laidOut = text.replaceAll('": ', '":   ').replaceAll(', "', ',\r\n  "');
    assert.equal(hashOf(laidOut), hashOf(text));
    assert.notEqual(hashOf(text.replace('[3]', '[4]')), hashOf(text));
    assert.notEqual(hashOf(text.replace('"inputs"', '"rtol": 0.1, "inputs"')), hashOf(text));
  });

  it('may have integers beyond 2^53', () => {
    const long = text.replace('[1, 2]', '[9007199254740993, 2]');
    assert.notEqual(hashOf(long), hashOf(long.replace('993', '992')));
  });
});
