import assert from 'node:assert/strict';
import type { Datatype, JsonValue, Tensor, TensorData } from '../../../src/core/inference/tensor';
import { compare } from '../../../src/core/sample/compare';

const tolerance = { rtol: 1e-3, atol: 1e-7 };
const exact = { rtol: 0, atol: 0 };

function output(datatype: Datatype, data: TensorData, shape = [data.length]): Tensor {
  return { name: 'y', datatype, shape, data };
}

describe('compare', () => {
  const passes: [what: string, wanted: JsonValue, actual: Tensor, allowed: typeof tolerance][] = [
    ['a float within rtol', [1000], output('FP32', Float32Array.of(1000.9)), tolerance],
    ['a float within atol', [0], output('FP32', Float32Array.of(9e-8)), tolerance],
    [
      'a float32 that is nearest to what is written',
      [0.1, 16777217],
      output('FP32', Float32Array.of(0.1, 16777216)),
      exact,
    ],
    ['a float16 that is nearest to what is written', [0.1], output('FP16', Uint16Array.of(0x2e66)), exact],
    ['a bfloat16 that is nearest to what is written', [0.1], output('BF16', Uint16Array.of(0x3dcd)), exact],
    ['a float above 2^53', [100000000000000000n], output('FP32', Float32Array.of(1e17)), tolerance],
    [
      'NaN and the infinities',
      ['NaN', 'Infinity', '-Infinity'],
      output('FP64', Float64Array.of(NaN, Infinity, -Infinity)),
      exact,
    ],
    ['zero and minus zero', [0], output('FP32', Float32Array.of(-0)), exact],
    ['an integer within atol', [7], output('UINT8', Uint8Array.of(8)), { rtol: 0, atol: 1 }],
    ['a 64-bit integer', [2n ** 63n - 1n, -3], output('INT64', BigInt64Array.of(2n ** 63n - 1n, -3n)), exact],
    ['booleans, also as numbers', [true, 0], output('BOOL', Uint8Array.of(1, 0)), exact],
    ['texts', ['cat', 'NaN'], output('BYTES', ['cat', 'NaN']), exact],
    ['flat values of any shape', [1, 2, 3, 4], output('FP32', Float32Array.of(1, 2, 3, 4), [2, 2]), exact],
    [
      'nested values',
      [
        [1, 2],
        [3, 4],
      ],
      output('FP32', Float32Array.of(1, 2, 3, 4), [2, 2]),
      exact,
    ],
    ['a scalar', 5, output('FP32', Float32Array.of(5), []), exact],
    ['a scalar in an array', [5], output('FP32', Float32Array.of(5), []), exact],
    ['nothing at all', [], output('FP32', Float32Array.of(), [0, 3]), exact],
  ];
  for (const [what, wanted, actual, allowed] of passes) {
    it(`passes ${what}`, () => assert.deepEqual(compare({ y: wanted }, [actual], allowed), []));
  }

  const fails: [what: string, wanted: JsonValue, actual: Tensor, path: number[], words: RegExp][] = [
    [
      'a float that is off',
      [1, 2],
      output('FP32', Float32Array.of(1, 2.5)),
      [1],
      /^Expected 2, got 2\.5: off by 0\.5, allowed is 0\.002\.$/,
    ],
    [
      'a finite value for an infinite one',
      ['Infinity'],
      output('FP32', Float32Array.of(5)),
      [0],
      /"Infinity", got 5\./,
    ],
    [
      'an infinite value for a finite one',
      [5],
      output('FP32', Float32Array.of(Infinity)),
      [0],
      /got Infinity\./,
    ],
    ['the other infinity', ['Infinity'], output('FP32', Float32Array.of(-Infinity)), [0], /got -Infinity\./],
    ['NaN for a number', [5], output('FP32', Float32Array.of(NaN)), [0], /got NaN\./],
    ['a number for NaN', ['NaN'], output('FP32', Float32Array.of(5)), [0], /got 5\./],
    [
      'another class, however near',
      [1001],
      output('INT64', BigInt64Array.of(1000n)),
      [0],
      /^Expected 1001, got 1000\.$/,
    ],
    [
      'a large integer that is off by one',
      [2n ** 60n],
      output('INT64', BigInt64Array.of(2n ** 60n + 1n)),
      [0],
      /got 1152921504606846977\./,
    ],
    ['a fraction for an integer', [0.5], output('INT32', Int32Array.of(1)), [0], /Expected 0\.5, got 1\./],
    ['a text for a number', ['1'], output('INT32', Int32Array.of(1)), [0], /Expected "1", got 1\./],
    ['a number for a text', [1], output('BYTES', ['1']), [0], /Expected 1, got "1"\./],
    [
      'too few values',
      [[1, 2], [3]],
      output('FP32', Float32Array.of(1, 2, 3, 4), [2, 2]),
      [1],
      /^Expected 1 value, got 2\.$/,
    ],
    [
      'too many rows',
      [[1], [2]],
      output('FP32', Float32Array.of(1), [1, 1]),
      [],
      /^Expected 2 values, got 1\.$/,
    ],
    ['a value for an array', 1, output('FP32', Float32Array.of(1, 1)), [], /got an array of 2 values/],
    ['an array for a value', [[1]], output('FP32', Float32Array.of(1)), [0], /an array of 1 value, got 1/],
    ['null', null, output('FP32', Float32Array.of(1)), [], /Expected null/],
    [
      'an object with a large integer',
      { a: 2n ** 60n },
      output('FP32', Float32Array.of(1)),
      [],
      /1152921504606846976/,
    ],
  ];
  for (const [what, wanted, actual, path, words] of fails) {
    it(`tells of ${what}, at its place`, () => {
      const problems = compare({ y: wanted }, [actual], tolerance);
      assert.deepEqual(
        problems.map((problem) => problem.path),
        [['expected', 'y', ...path]],
      );
      assert.match(problems[0]?.message ?? '', words);
    });
  }

  it('tells of an output that the model does not have, and which may be meant', () => {
    const outputs = [{ ...output('FP32', Float32Array.of(1)), name: 'probabilities' }];
    const [meant, other] = compare({ probabilites: [1], zzz: [1] }, outputs, exact);
    assert.deepEqual(meant, {
      path: ['expected', 'probabilites'],
      message: 'The model has no output "probabilites". Did you mean "probabilities"?',
    });
    assert.match(other?.message ?? '', /It has "probabilities"\./);
  });

  it('stops at 100 problems', () => {
    const zeros = output('FP32', new Float32Array(1000), [10, 100]);
    const ones = Array.from({ length: 10 }, () => new Array<number>(100).fill(1));
    assert.equal(compare({ y: ones, z: [1] }, [zeros], exact).length, 100);
  });
});
