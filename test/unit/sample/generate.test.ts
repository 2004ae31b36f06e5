import assert from 'node:assert/strict';
import { inspectModel } from '../../../src/core/model/inspectModel';
import type { Signature } from '../../../src/core/model/signature';
import { generateSamples } from '../../../src/core/sample/generate';
import { parseSamples } from '../../../src/core/sample/samplesFile';
import { sampleTensors } from '../../../src/core/sample/sampleTensors';
import { modelNames, workspaceModel } from '../fixtures';

function generated(signature: Signature) {
  const { samples, problems } = parseSamples(generateSamples(signature));
  assert.deepEqual(problems, []);
  const [sample] = samples;
  assert.ok(sample);
  return sampleTensors(signature, sample);
}

describe('generateSamples', () => {
  for (const name of modelNames) {
    it(`gives a sample that ${name}.onnx takes`, async () => {
      const { signature } = await inspectModel(workspaceModel(name));
      assert.deepEqual(
        generated(signature).map((tensor) => [tensor.name, tensor.shape[0]]),
        signature.inputs.map((input) => [input.name, 1]),
      );
    });
  }

  it('has values of every datatype', () => {
    const datatypes = [
      'BOOL',
      'BYTES',
      'UINT8',
      'INT8',
      'UINT64',
      'INT64',
      'FP16',
      'BF16',
      'FP32',
      'FP64',
    ] as const;
    const inputs = datatypes.map((datatype) => ({
      name: datatype,
      type: datatype,
      datatype,
      shape: [null, 3],
    }));
    assert.deepEqual(
      generated({ inputs, outputs: [] }).map(({ datatype, shape }) => [datatype, shape]),
      datatypes.map((datatype) => [datatype, [1, 3]]),
    );
  });

  it('fills a picture', () => {
    const inputs = [{ name: 'x', type: 'float32', datatype: 'FP32' as const, shape: ['batch', 3, 224, 224] }];
    assert.deepEqual(generated({ inputs, outputs: [] })[0]?.shape, [1, 3, 224, 224]);
  });

  it('takes a scalar and a shape that is not stated', () => {
    const inputs = [
      { name: 'a', type: 'float32', datatype: 'FP32' as const, shape: [] },
      { name: 'b', type: 'float32', datatype: 'FP32' as const },
    ];
    assert.deepEqual(
      generated({ inputs, outputs: [] }).map(({ shape }) => shape),
      [[], [1]],
    );
  });

  it('gives the same text for the same model', async () => {
    const { signature } = await inspectModel(workspaceModel('iris'));
    assert.equal(generateSamples(signature), generateSamples(signature));
  });
});
