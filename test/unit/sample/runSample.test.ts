import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { InferenceSession } from 'onnxruntime-node';
import { inspectModel } from '../../../src/core/model/inspectModel';
import { runSample, type Inference } from '../../../src/core/sample/runSample';
import { parseSamples, samplesPathFor } from '../../../src/core/sample/samplesFile';
import { fromOrt, toOrt } from '../../../src/server/onnx/ortTensors';
import { modelNames, workspaceModel } from '../fixtures';

const { signal } = new AbortController();

/** Predicts in this process with the real onnxruntime. */
async function onnxruntime(path: string): Promise<Inference> {
  const session = await InferenceSession.create(path);
  return {
    async infer(inputs) {
      const results = await session.run(
        Object.fromEntries(inputs.map((input) => [input.name, toOrt(input)])),
      );
      return {
        outputs: Object.entries(results).map(([name, output]) => fromOrt(name, output)),
        milliseconds: 1,
      };
    },
  };
}

async function samplesOf(path: string) {
  const { samples, problems } = parseSamples(await readFile(samplesPathFor(path), 'utf8'));
  assert.deepEqual(problems, []);
  return samples;
}

describe('runSample', () => {
  for (const name of modelNames) {
    it(`passes every sample of ${name}.onnx`, async () => {
      const path = workspaceModel(name);
      const [{ signature }, inference, samples] = await Promise.all([
        inspectModel(path),
        onnxruntime(path),
        samplesOf(path),
      ]);
      assert.ok(samples.length >= 2);
      for (const sample of samples) {
        const { pass, mismatches, outputs } = await runSample(inference, signature, sample, signal);
        assert.deepEqual([sample.name, pass, mismatches], [sample.name, true, []]);
        assert.deepEqual(
          outputs.map((output) => output.name),
          ['label', 'probabilities'],
        );
      }
    });
  }

  it('fails a sample that expects something else, at the very value', async () => {
    const path = workspaceModel('iris');
    const [{ signature }, inference, [setosa]] = await Promise.all([
      inspectModel(path),
      onnxruntime(path),
      samplesOf(path),
    ]);
    assert.ok(setosa);
    const expected = { label: [1], probabilities: [[0.9797, 0.0303, 0.0]] };
    const { pass, mismatches } = await runSample(inference, signature, { ...setosa, expected }, signal);
    assert.equal(pass, false);
    assert.deepEqual(
      mismatches.map((problem) => problem.path),
      [
        ['expected', 'label', 0],
        ['expected', 'probabilities', 0, 1],
      ],
    );
  });

  it('neither passes nor fails a sample that expects nothing', async () => {
    const path = workspaceModel('iris');
    const [{ signature }, inference, [setosa]] = await Promise.all([
      inspectModel(path),
      onnxruntime(path),
      samplesOf(path),
    ]);
    assert.ok(setosa);
    const { pass } = await runSample(inference, signature, { ...setosa, expected: undefined }, signal);
    assert.equal(pass, undefined);
  });
});
