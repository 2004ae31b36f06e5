import assert from 'node:assert/strict';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expectedOf, modelNames, workspaceModel } from '../fixtures';

describe('the sample workspace', () => {
  for (const name of modelNames) {
    it(`${name}.onnx answers as its original did, on the whole data set`, async () => {
      const { input, rows, label, probabilities } = await expectedOf(name);
      const session = await InferenceSession.create(workspaceModel(name));
      const shape = [rows.length, rows[0]?.length ?? 0];
      const outputs = await session.run({
        [input]: new Tensor('float32', Float32Array.from(rows.flat()), shape),
      });

      const labels = Array.from(outputs['label']?.data as BigInt64Array, Number);
      assert.deepEqual(labels, label);
      const actual = outputs['probabilities']?.data as Float32Array;
      const worst = probabilities
        .flat()
        .reduce((most, value, at) => Math.max(most, Math.abs(value - (actual[at] ?? NaN))), 0);
      assert.ok(worst < 1e-5, `probabilities are off by ${worst}`);
    });
  }
});
