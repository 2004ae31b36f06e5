import assert from 'node:assert/strict';
import { floatsText } from '../../../src/core/inference/floatText';

/** A generator of numbers that look random, the same in every run. */
function* randomBits(): Generator<number> {
  for (let state = 0x2545f491; ;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state >>> 0;
  }
}

describe('text of floats', () => {
  it('is as JavaScript writes them, in the digits of a float', () => {
    const values = [
      0, 1, -1, 0.1, -0.3, 0.5, 123456.79, 16777216, 16777218, 1e-6, 1.5e-7, 1e-10, 3.4028235e38, 1e-45, 1e21,
    ];
    assert.equal(
      floatsText(Float32Array.from(values)),
      '0,1,-1,0.1,-0.3,0.5,123456.79,16777216,16777218,0.000001,1.5e-7,1e-10,3.4028235e+38,1e-45,1e+21',
    );
  });

  it('keeps the sign of zero, and has words for what is no number', () => {
    assert.equal(
      floatsText(Float32Array.of(-0, NaN, Infinity, -Infinity)),
      '-0.0,"NaN","Infinity","-Infinity"',
    );
    assert.equal(floatsText(new Float32Array(0)), '');
  });

  it('is read as the very same float, and as short as can be, whatever the bits', () => {
    const bits = randomBits();
    const floats = new Float32Array(
      Uint32Array.from({ length: 200_000 }, () => bits.next().value as number).buffer,
    );
    const texts = floatsText(floats).split(',');
    assert.equal(texts.length, floats.length);
    for (const [index, value] of floats.entries()) {
      if (!Number.isFinite(value)) continue;
      const text = texts[index] as string;
      assert.ok(Object.is(Math.fround(JSON.parse(text) as number), value), `${value} is written as ${text}`);
      if (index % 20 > 0 || Number.isInteger(value)) continue;
      let digits = 1;
      while (Math.fround(Number(value.toPrecision(digits))) !== value) digits++;
      assert.equal(text, String(Number(value.toPrecision(digits))));
    }
  });

  it('is of the values that are asked for', () => {
    const values = Float32Array.from({ length: 30_000 }, (_, index) => index / 7);
    assert.equal(floatsText(values, 7, 10), '1,1.1428572,1.2857143');
    assert.equal(floatsText(values).split(',').length, values.length);
  });
});
