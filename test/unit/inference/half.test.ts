import assert from 'node:assert/strict';
import { bfloatToNumber, halfToNumber, numberToBfloat, numberToHalf } from '../../../src/core/inference/half';

describe('16-bit floats', () => {
  it('come back from every half', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = halfToNumber(bits);
      if (Number.isNaN(value)) assert.ok(Number.isNaN(halfToNumber(numberToHalf(value))));
      else assert.equal(numberToHalf(value), bits);
    }
  });

  it('come back from every bfloat16', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = bfloatToNumber(bits);
      if (Number.isNaN(value)) assert.ok(Number.isNaN(bfloatToNumber(numberToBfloat(value))));
      else assert.equal(numberToBfloat(value), bits);
    }
  });

  it('round to the nearest, ties to even', () => {
    for (const [value, expected] of [
      [1 + 2 ** -11, 1],
      [1 + 3 * 2 ** -11, 1 + 2 ** -9],
      [1 + 2 ** -11 + 2 ** -20, 1 + 2 ** -10],
      [65519, 65504],
      [65520, Infinity],
      [2 ** -25, 0],
      [2 ** -25 * 1.01, 2 ** -24],
      [3 * 2 ** -25, 2 ** -23],
    ] as const) {
      assert.equal(halfToNumber(numberToHalf(value)), expected, String(value));
      assert.equal(halfToNumber(numberToHalf(-value)), -expected, String(-value));
    }
    assert.equal(bfloatToNumber(numberToBfloat(1 + 2 ** -8)), 1);
    assert.equal(bfloatToNumber(numberToBfloat(1 + 3 * 2 ** -8)), 1 + 2 ** -6);
  });
});
