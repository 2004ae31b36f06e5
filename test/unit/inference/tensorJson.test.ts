import assert from 'node:assert/strict';
import {
  dataText,
  nestedData,
  nestedText,
  rowText,
  parseJson,
  tensorFromJson,
  TensorError,
  tensorToJson,
} from '../../../src/core/inference/tensorJson';
import type { Datatype, JsonValue } from '../../../src/core/inference/tensor';

const read = (datatype: Datatype, shape: number[], data: JsonValue) =>
  tensorFromJson({ name: 'x', datatype, shape }, data);

describe('tensors in JSON', () => {
  const limits: [Datatype, JsonValue[]][] = [
    ['BOOL', [true, false]],
    ['UINT8', [0, 255]],
    ['UINT16', [0, 65535]],
    ['UINT32', [0, 4294967295]],
    ['UINT64', [0, 18446744073709551615n]],
    ['INT8', [-128, 127]],
    ['INT16', [-32768, 32767]],
    ['INT32', [-2147483648, 2147483647]],
    ['INT64', [-9223372036854775808n, 9223372036854775807n]],
    ['INT64', [9007199254740991, 9007199254740993n]],
    ['FP16', [-65504, 2 ** -24]],
    ['BF16', [-3.3895313892515355e38, 1]],
    ['FP32', [-3.4028234663852886e38, 1.401298464324817e-45]],
    ['FP64', [Number.MAX_VALUE, Number.MIN_VALUE]],
    ['BYTES', ['', 'é"\n😀']],
  ];
  for (const [datatype, values] of limits) {
    it(`keeps the limits of ${datatype}`, () => {
      const tensor = read(datatype, [2], values);
      assert.deepEqual(nestedData(tensor), values);
      assert.deepEqual(tensorToJson(tensor), { name: 'x', datatype, shape: [2], data: values });
      assert.deepEqual(read(datatype, [2], parseJson(dataText(tensor))), tensor);
      assert.deepEqual(read(datatype, [2], parseJson(nestedText(tensor))), tensor);
    });
  }

  const beyond: [Datatype, JsonValue][] = [
    ['BOOL', 2],
    ['BOOL', 'true'],
    ['UINT8', 256],
    ['UINT8', -1],
    ['UINT8', 1.5],
    ['INT8', 128],
    ['INT32', 2 ** 31],
    ['INT32', 'NaN'],
    ['INT64', 9223372036854775808n],
    ['INT64', 0.5],
    ['UINT64', -1],
    ['UINT64', 18446744073709551616n],
    ['FP16', 65520],
    ['FP32', 3.4028235677973366e38],
    ['FP32', '1'],
    ['INT64', null],
    ['BF16', 3.4e38],
    ['BYTES', 1],
    ['BYTES', ['x']],
  ];
  for (const [datatype, value] of beyond) {
    it(`refuses ${typeof value === 'bigint' ? value : JSON.stringify(value)} as ${datatype}`, () => {
      assert.throws(
        () =>
          read(
            datatype,
            [2, 1],
            [[0], [value]].map(([first]) => [
              datatype === 'BYTES' && first === 0 ? 'ok' : (first as JsonValue),
            ]),
          ),
        (error) =>
          error instanceof TensorError && error.path.join() === '1,0' && error.message.includes(datatype),
      );
    });
  }

  for (const datatype of ['FP16', 'BF16', 'FP32', 'FP64'] as const) {
    it(`carries NaN and the infinities in ${datatype}, as words or as numbers`, () => {
      const tensor = read(datatype, [4], [NaN, 'NaN', 'Infinity', -Infinity]);
      assert.deepEqual(nestedData(tensor), [NaN, NaN, Infinity, -Infinity]);
      assert.equal(dataText(tensor), '["NaN","NaN","Infinity","-Infinity"]');
    });
  }

  it('takes null for a missing float', () => {
    assert.deepEqual([...read('FP32', [2], [null, 1]).data], [NaN, 1]);
  });

  it('takes integers without loss as floats', () => {
    assert.deepEqual(
      nestedData(read('FP64', [1], [parseJson('12345678901234567890')])),
      [12345678901234567000],
    );
  });

  it('reads nested and flat data alike, and nests again', () => {
    const nested = [
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [
        [7, 8],
        [9, 10],
        [11, 12],
      ],
    ];
    for (const data of [nested, nested.flat(2)]) {
      const tensor = read('FP32', [2, 3, 2], data);
      assert.deepEqual([...tensor.data], nested.flat(2));
      assert.deepEqual(nestedData(tensor), nested);
      assert.equal(nestedText(tensor), JSON.stringify(nested));
      assert.equal(rowText(tensor, 1), JSON.stringify(nested[1]));
    }
  });

  it('reads scalars and what has no values', () => {
    assert.equal(nestedData(read('INT64', [], 5)), 5);
    assert.equal(nestedData(read('INT64', [], [5])), 5);
    assert.deepEqual(nestedData(read('FP32', [0, 4], [])), []);
    assert.deepEqual(nestedData(read('FP32', [2, 0], [[], []])), [[], []]);
    assert.equal(dataText(read('FP32', [2, 0], [])), '[]');
    assert.equal(nestedText(read('FP32', [2, 0], [[], []])), '[[],[]]');
    assert.equal(nestedText(read('INT64', [], 5)), '5');
    assert.equal(rowText(read('BYTES', [2], ['a', 'b']), 1), '"b"');
  });

  for (const [what, shape, data, path, words] of [
    ['a bare value', [1], 5, '', /expected an array of 1 values, got 5/],
    ['too few', [3], [1, 2], '', /expected 3 values, got 2/],
    ['too few rows', [2, 2], [[1, 2]], '', /expected 2 values \(shape 2×2\), got 1/],
    ['a short row', [2, 2], [[1, 2], [3]], '1', /expected 2 values at \[1\]/],
    ['a bare row', [2, 2], [[1, 2], 3], '1', /expected an array of 2 values at \[1\], got 3/],
    [
      'a row too deep',
      [2, 2],
      [
        [1, 2],
        [3, [4]],
      ],
      '1,1',
      /an array at \[1\]\[1\] is no FP32 value/,
    ],
    ['a shape that asks for everything', [2 ** 30, 2 ** 20], [1], '', /expected/],
  ] as const) {
    it(`says what is wrong with ${what}`, () => {
      assert.throws(
        () => read('FP32', [...shape], data as unknown as JsonValue),
        (error) => {
          assert.ok(error instanceof TensorError);
          assert.match(error.message, words);
          assert.equal(error.path.join(), path);
          return true;
        },
      );
    });
  }
});
