import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { InferenceSession } from 'onnxruntime-node';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '../../../src/core/errors';
import { FileWindow } from '../../../src/core/model/fileWindow';
import { inspectModel } from '../../../src/core/model/inspectModel';
import { readOnnx } from '../../../src/core/model/readOnnx';
import type { OnnxDescription } from '../../../src/core/model/signature';
import { hostileModel, modelNames, workspaceModel } from '../fixtures';
import { head, modelWith, number, part, text, vector } from './wire';

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

  const readable = ['endless-loop', 'huge-output', 'int4-output', 'sequence-output'].map(hostileModel);
  for (const path of [...modelNames.map(workspaceModel), ...readable]) {
    it(`agrees with onnxruntime on ${basename(path)}`, async () => {
      const { signature } = await inspectModel(path);
      const session = await InferenceSession.create(path);
      const theirs = [...session.inputMetadata, ...session.outputMetadata];
      const ours = [...signature.inputs, ...signature.outputs];
      assert.deepEqual(
        ours.map(({ name, type, shape }) => (shape ? [name, type, shape] : [name])),
        theirs.map((value) => (value.isTensor ? [value.name, value.type, [...value.shape]] : [value.name])),
      );
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
    const weights = 2 ** 31 + 1024;
    const initializer = [text(8, 'w'), head(9, weights)];
    const initializerHead = head(5, Buffer.concat(initializer).length + weights);
    const graph = [vector(11, 'x'), initializerHead, ...initializer];
    const start = Buffer.concat([
      number(1, 10),
      part(8, number(2, 17)),
      head(7, Buffer.concat(graph).length + weights),
      ...graph,
    ]);
    const { description, bytesRead } = await inspectSparse(start, weights);
    assert.deepEqual(
      description.signature.inputs.map(({ name }) => name),
      ['x'],
    );
    assert.ok(description.size > 2 ** 31);
    assert.ok(bytesRead < 4096, `${bytesRead} bytes were read`);
  });

  it('reads little of a model with many weights', async () => {
    const weight = (name: string) => part(5, text(8, name), part(9, Buffer.alloc(20_000)));
    const weights = Array.from({ length: 300 }, (_, index) => weight(`layer.${index}.weight`));
    const { description, bytesRead } = await inspectSparse(modelWith(vector(12, 'y'), ...weights));
    assert.equal(description.signature.outputs[0]?.name, 'y');
    assert.ok(bytesRead < 300 * 1024, `${bytesRead} bytes of ${description.size} were read`);
  });

  it('takes the parts of a model in any order', async () => {
    const graph = [
      text(2, 'g'),
      vector(11, 'x'),
      vector(12, 'y'),
      part(5, text(8, 'w')),
      part(1, text(3, 'node')),
    ];
    const forwards = await inspect(modelWith(...graph));
    const bytes = Buffer.concat([
      text(2, 'maker'),
      part(7, ...graph.toReversed()),
      part(8, number(2, 17)),
      number(1, 10),
    ]);
    assert.deepEqual(await inspect(bytes), { ...forwards, producer: 'maker', size: bytes.length });
  });

  it('does not call weights inputs', async () => {
    const sparse = part(15, part(1, text(8, 'scarce')));
    const graph = [vector(11, 'x'), vector(11, 'w'), vector(11, 'scarce'), part(5, text(8, 'w')), sparse];
    assert.deepEqual((await inspect(modelWith(...graph))).signature.inputs, [
      { name: 'x', type: 'float32', datatype: 'FP32', shape: [4] },
    ]);
  });

  it('tells free dimensions with a name, free ones without, and shapes that are not stated', async () => {
    const dimensions = [text(2, 'batch'), Buffer.alloc(0), number(1, 3), number(1, 0)];
    const shape = part(2, ...dimensions.map((dimension) => part(1, dimension)));
    const value = (name: string, ...type: Buffer[]) =>
      part(11, text(1, name), part(2, part(1, number(1, 7), ...type)));
    const { inputs } = (await inspect(modelWith(value('a', shape), value('b'), value('c', part(2)))))
      .signature;
    assert.deepEqual(
      inputs.map((input) => input.shape),
      [['batch', null, 3, 0], undefined, []],
    );
  });

  for (const [name, words] of [
    ['empty', /it is empty/],
    ['text', /Git LFS pointer/],
    ['random', /not a whole ONNX file/],
    ['truncated', /not a whole ONNX file \(it ends in the middle of a part of 592 bytes, after 416\)/],
    ['deep-type', /nested too deeply/],
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

  for (const [name, step] of [
    ['iris', 1],
    ['digits', 97],
    ['breast-cancer', 97],
  ] as const) {
    it(`calls every cut of ${name} broken, and never hangs or crashes`, async () => {
      const whole = await readFile(workspaceModel(name));
      // What is behind the graph is not missed where it is cut off between two parts.
      const graphEnd = whole.lastIndexOf('ai.onnx.ml');
      for (let length = 0; length < graphEnd; length += step) {
        await assert.rejects(
          inspect(whole.subarray(0, length)),
          { name: 'UserError', code: 'model-broken' },
          `cut at ${length}`,
        );
      }
    });
  }

  it('calls a model with wrong bytes broken or reads it, and does nothing else', async () => {
    const whole = await readFile(workspaceModel('iris'));
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at] = (at * 97 + 255) % 256;
      const error: unknown = await inspect(changed).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error !== undefined) assert.ok(error instanceof UserError, `byte ${at} gives another error`);
    }
  });

  for (const [what, bytes, words] of [
    ['parts without an end', Buffer.alloc(4_000_010, Buffer.from([8, 1])), /more than 2000000 parts/],
    [
      'inputs without an end',
      modelWith(Buffer.alloc(200_002, Buffer.from([0x5a, 0]))),
      /more than 100000 inputs/,
    ],
    ['a name of 5 MB', modelWith(part(11, text(1, 'x'.repeat(5_000_000)))), /claims to have 500/],
    [
      'a length beyond all bounds',
      Buffer.from('0809 3affffffffffffffff7f'.replace(' ', ''), 'hex'),
      /ends in the middle/,
    ],
    ['a number without an end', Buffer.alloc(20, 0x88), /more than 10 bytes/],
    ['nothing but zeros', Buffer.alloc(1000), /no field 0/],
  ] as const) {
    it(`gives up a file of ${what}`, async () => {
      await assert.rejects(
        inspect(bytes),
        (error: UserError) => error.code === 'model-broken' && words.test(error.message),
      );
    });
  }

  it('does not wait at what is no file', async () => {
    const pipe = join(folder, 'pipe.onnx');
    await promisify(execFile)('mkfifo', [pipe]);
    for (const path of [pipe, folder])
      await assert.rejects(inspectModel(path), { code: 'model-broken', message: /it is no file/ });
  });

  it('stops when it is told to', async () => {
    await assert.rejects(inspectModel(workspaceModel('iris'), AbortSignal.abort()), { name: 'AbortError' });
  });

  async function inspect(bytes: Buffer): Promise<OnnxDescription> {
    const path = join(folder, 'made.onnx');
    await writeFile(path, bytes);
    return inspectModel(path);
  }

  /** Reads a model whose last part goes on for so many bytes more; they take no place on the disk. */
  async function inspectSparse(start: Buffer, hole = 0) {
    const path = join(folder, 'sparse.onnx');
    await writeFile(path, start);
    const file = await open(path, 'r+');
    try {
      await file.truncate(start.length + hole);
      const window = new FileWindow(file, start.length + hole);
      return { description: await readOnnx(window), bytesRead: window.bytesRead };
    } finally {
      await file.close();
    }
  }
});
