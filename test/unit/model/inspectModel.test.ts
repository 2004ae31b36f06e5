import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { InferenceSession } from 'onnxruntime-node';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../../src/core/errors';
import { FileWindow } from '../../../src/core/model/fileWindow';
import { inspectModel } from '../../../src/core/model/inspectModel';
import { readOnnx } from '../../../src/core/model/readOnnx';
import { hostileModel, modelNames, workspaceModel } from '../fixtures';

describe('inspectModel', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'slipway-inspect-'))));
  after(() => rm(folder, { recursive: true }));

  it('tells what a model takes and gives, and who made it', async () => {
    const iris = await inspectModel(workspaceModel('iris'));
    assert.deepEqual(iris.signature.inputs, [
      { name: 'measurements', type: 'float32', datatype: 'FP32', shape: ['batch', 4] },
    ]);
    assert.deepEqual(
      iris.signature.outputs.map(({ name, datatype, shape }) => [name, datatype, shape]),
      [
        ['label', 'INT64', ['batch']],
        ['probabilities', 'FP32', ['batch', 3]],
      ],
    );
    assert.equal(iris.producer, 'skl2onnx');
    assert.equal(iris.metadata['classes'], 'setosa, versicolor, virginica');
    assert.equal(iris.opsets.find(({ domain }) => domain === 'ai.onnx')?.version, 17);
  });

  for (const name of modelNames) {
    it(`agrees with onnxruntime on ${name}`, async () => {
      const { signature } = await inspectModel(workspaceModel(name));
      const session = await InferenceSession.create(workspaceModel(name));
      const plain = (all: InferenceSession['inputMetadata']) =>
        all.map((value) => (value.isTensor ? [value.name, value.type, [...value.shape]] : [value.name]));
      const ours = [signature.inputs, signature.outputs].map((all) => all.map((value) => [value.name, value.type, value.shape]));
      assert.deepEqual(ours, [plain(session.inputMetadata), plain(session.outputMetadata)]);
    });
  }

  it('names types that the protocol does not have', async () => {
    assert.deepEqual((await inspectModel(hostileModel('int4-output'))).signature.outputs, [
      { name: 'y', type: 'int4', shape: [1] },
    ]);
    assert.deepEqual((await inspectModel(hostileModel('sequence-output'))).signature.outputs, [
      { name: 'y', type: 'sequence(float32)' },
    ]);
  });

  it('reads kilobytes of a model with 2 GB of weights', async () => {
    const large = join(folder, 'large.onnx');
    const weights = 2 ** 31 + 1024;
    const head = Buffer.concat([await readFile(workspaceModel('iris')), secondGraphWith(weights)]);
    await writeFile(large, head);
    await truncate(large, head.length + weights);
    const file = await open(large);
    try {
      const window = new FileWindow(file, head.length + weights);
      const { description } = await readOnnx(window);
      assert.deepEqual(description.signature, (await inspectModel(workspaceModel('iris'))).signature);
      assert.ok(window.bytesRead < 64 * 1024, `${window.bytesRead} bytes were read`);
    } finally {
      await file.close();
    }
  });

  for (const [name, words] of [
    ['empty', /it is empty/],
    ['text', /Git LFS pointer/],
    ['random', /not a whole ONNX file/],
    ['truncated', /not a whole ONNX file/],
    ['not-there', /not there any more/],
  ] as const) {
    it(`says what is wrong with a file that is ${name}`, async () => {
      await assert.rejects(inspectModel(hostileModel(name)), (error) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, words);
        assert.ok(error.next);
        return true;
      });
    });
  }

  it('calls every cut of a model broken, and never hangs or crashes', async () => {
    const whole = await readFile(workspaceModel('breast-cancer'));
    const cut = join(folder, 'cut.onnx');
    for (let length = 1; length < whole.length; length += 997) {
      await writeFile(cut, whole.subarray(0, length));
      await assert.rejects(inspectModel(cut), { name: 'UserError', code: 'model-broken' }, `cut at ${length}`);
    }
  });

  it('stops when it is told to', async () => {
    await assert.rejects(inspectModel(workspaceModel('iris'), AbortSignal.abort()), { name: 'AbortError' });
  });
});

/** A `graph` field with one initializer of so many bytes, without those bytes. A message that comes twice is merged. */
function secondGraphWith(bytes: number): Buffer {
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
  const rawData = [0x4a, ...varint(bytes)];
  const initializer = [0x2a, ...varint(rawData.length + bytes)];
  return Buffer.from([0x3a, ...varint(initializer.length + rawData.length + bytes), ...initializer, ...rawData]);
}
