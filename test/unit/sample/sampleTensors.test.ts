import assert from 'node:assert/strict';
import type { Datatype, JsonValue } from '../../../src/core/inference/tensor';
import type { Dimension, Signature } from '../../../src/core/model/signature';
import { SampleError, sampleTensors } from '../../../src/core/sample/sampleTensors';

function signature(...inputs: [name: string, datatype: Datatype, shape?: Dimension[]][]): Signature {
  return {
    inputs: inputs.map(([name, datatype, shape]) => ({
      name,
      datatype,
      type: datatype,
      ...(shape && { shape }),
    })),
    outputs: [],
  };
}

function tensors(model: Signature, inputs: Record<string, JsonValue>) {
  return sampleTensors(model, { name: 'a sample', inputs, rtol: 0, atol: 0 });
}

function problemsOf(model: Signature, inputs: Record<string, JsonValue>) {
  try {
    tensors(model, inputs);
  } catch (error) {
    assert.ok(error instanceof SampleError);
    assert.equal(error.code, 'sample-invalid');
    assert.ok(error.next);
    return error.problems;
  }
  return assert.fail('the sample fits');
}

describe('sampleTensors', () => {
  const iris = signature(['measurements', 'FP32', ['batch', 4]]);

  it('gives the inputs in the order of the model', () => {
    const model = signature(['a', 'INT64', [2]], ['b', 'BYTES', []]);
    assert.deepEqual(tensors(model, { b: 'text', a: [1, 2n ** 60n] }), [
      { name: 'a', datatype: 'INT64', shape: [2], data: BigInt64Array.of(1n, 2n ** 60n) },
      { name: 'b', datatype: 'BYTES', shape: [], data: ['text'] },
    ]);
  });

  const shapes: [what: string, shape: Dimension[] | undefined, values: JsonValue, fitted: number[]][] = [
    [
      'nested',
      ['batch', 4],
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
      [2, 4],
    ],
    ['flat, one row', ['batch', 4], [1, 2, 3, 4], [1, 4]],
    ['flat, several rows', [null, 2], [1, 2, 3, 4], [2, 2]],
    ['flat, all fixed', [2, 2], [1, 2, 3, 4], [2, 2]],
    ['a scalar', [], 1, []],
    ['a scalar in an array', [], [1], []],
    ['no rows', ['batch', 4], [], [0, 4]],
    ['empty rows of empty columns', [2, 0, 4, 'n'], [[], []], [2, 0, 4, 0]],
    ['flat, where nothing is to be given', [2, 0, 4], [], [2, 0, 4]],
    ['of any rank', undefined, [[[1], [2]]], [1, 2, 1]],
    ['of any rank, a scalar', undefined, 1, []],
  ];
  for (const [what, shape, values, fitted] of shapes) {
    it(`takes values that are ${what}`, () => {
      assert.deepEqual(tensors(signature(['x', 'FP32', shape]), { x: values })[0]?.shape, fitted);
    });
  }

  it('knows a free dimension of flat values by its name in another input', () => {
    const model = signature(
      ['ids', 'INT64', ['batch', 'length']],
      ['embedded', 'FP32', ['batch', 'length', 2]],
    );
    const [, embedded] = tensors(model, { ids: [[1, 2, 3]], embedded: [1, 2, 3, 4, 5, 6] });
    assert.deepEqual(embedded?.shape, [1, 3, 2]);
  });

  it('lets one name have two sizes, as onnxruntime does', () => {
    const model = signature(['a', 'FP32', ['n']], ['b', 'FP32', ['n']]);
    assert.deepEqual(
      tensors(model, { a: [1], b: [1, 2] }).map(({ shape }) => shape),
      [[1], [2]],
    );
  });

  const wrong: [what: string, values: JsonValue, path: (string | number)[], words: RegExp][] = [
    [
      'a row that is too short',
      [[1, 2, 3]],
      [0],
      /expected 4 values along dimension 2 of \[batch, 4\], got 3/,
    ],
    [
      'a second row that is too short',
      [
        [1, 2, 3, 4],
        [1, 2, 3],
      ],
      [1],
      /expected 4 values/,
    ],
    ['a text', [[1, 2, 'c', 4]], [0, 2], /"c" .*is no FP32 value/],
    ['a truth', [[1, 2, 3, true]], [0, 3], /true/],
    ['a single value', 5, [], /expected the shape \[batch, 4\], got a single value/],
    ['too many dimensions', [[[1, 2, 3, 4]]], [], /got an array of 1×1×4/],
    ['flat values that are no rows', [1, 2, 3, 4, 5], [], /got an array of 5/],
    ['a float that float32 does not have', [[1e39, 2, 3, 4]], [0, 0], /1e\+39/],
  ];
  for (const [what, values, path, words] of wrong) {
    it(`marks ${what}`, () => {
      const problems = problemsOf(iris, { measurements: values });
      assert.deepEqual(
        problems.map((problem) => problem.path),
        [['inputs', 'measurements', ...path]],
      );
      assert.match(problems[0]?.message ?? '', words);
    });
  }

  it('marks an integer that does not fit', () => {
    const [problem] = problemsOf(signature(['x', 'UINT8', [2]]), { x: [1, 256] });
    assert.deepEqual(problem?.path, ['inputs', 'x', 1]);
  });

  it('marks all that is wrong at once, and says which name may be meant', () => {
    const model = signature(['measurements', 'FP32', ['batch', 4]], ['mask', 'BOOL', [1]]);
    assert.deepEqual(problemsOf(model, { measurments: [1], mask: [2], other: 1 }), [
      {
        path: ['inputs', 'measurments'],
        message: 'The model has no input "measurments". Did you mean "measurements"?',
      },
      {
        path: ['inputs', 'other'],
        message: 'The model has no input "other". It has "measurements", "mask".',
      },
      { path: ['inputs'], message: 'The input "measurements" is missing.' },
      { path: ['inputs', 'mask', 0], message: 'mask: 2 at [0] is no BOOL value.' },
    ]);
  });

  it('says that a type can not be given', () => {
    const model: Signature = { inputs: [{ name: 'x', type: 'sequence(float32)' }], outputs: [] };
    assert.match(problemsOf(model, { x: [] })[0]?.message ?? '', /sequence\(float32\) can not be given/);
  });
});
