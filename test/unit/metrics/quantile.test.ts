import assert from 'node:assert/strict';
import { histogramQuantile } from '../../../src/core/metrics/quantile';

/** Latencies of 100 requests: 10 up to 5 ms, 60 up to 10 ms, 90 up to 25 ms, 98 up to 50 ms, 2 above. */
const hundred = { bounds: [0.005, 0.01, 0.025, 0.05, Infinity], counts: [10, 60, 90, 98, 100] };

const close = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual} is not ${expected}`);

describe('histogramQuantile', () => {
  it('takes observations as evenly spread inside a bucket', () => {
    // The 50th is the 40th of the 50 between 5 and 10 ms.
    close(histogramQuantile(0.5, hundred), 0.005 + 0.005 * (40 / 50));
    // The 95th is the 5th of the 8 between 25 and 50 ms.
    close(histogramQuantile(0.95, hundred), 0.025 + 0.025 * (5 / 8));
  });

  it('starts the lowest bucket at 0', () => close(histogramQuantile(0.05, hundred), 0.0025));

  it('gives the highest finite bound for what lies above it', () => {
    assert.equal(histogramQuantile(0.99, hundred), 0.05);
  });

  it('gives a bucket’s bound where the quantile is exactly there', () => {
    close(histogramQuantile(0.6, hundred), 0.01);
    close(histogramQuantile(0.9, hundred), 0.025);
  });

  it('goes over empty buckets', () => {
    close(histogramQuantile(0.5, { bounds: [1, 2, 3, Infinity], counts: [0, 0, 4, 4] }), 2.5);
  });

  it('knows a lowest bound that is not above 0', () => {
    assert.equal(histogramQuantile(0.2, { bounds: [-1, 2, Infinity], counts: [5, 10, 10] }), -1);
  });

  it('is NaN without observations, without +Inf, and with one bucket only', () => {
    assert.equal(histogramQuantile(0.5, { bounds: [1, Infinity], counts: [0, 0] }), NaN);
    assert.equal(histogramQuantile(0.5, { bounds: [1, 2], counts: [1, 2] }), NaN);
    assert.equal(histogramQuantile(0.5, { bounds: [Infinity], counts: [3] }), NaN);
  });
});
