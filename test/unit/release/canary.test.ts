import assert from 'node:assert/strict';
import { complaint } from '../../../src/core/release/canary';

const limits = { maxErrorRate: 0.01, maxSlower: 2 };
const usual = { requests: 1000, errors: 0, p95: 0.01 };

describe('the judgement on a canary', () => {
  it('has nothing against one that is like the release before', () => {
    assert.equal(complaint({ requests: 100, errors: 0, p95: 0.012 }, usual, limits), undefined);
    assert.equal(complaint({ requests: 100, errors: 1, p95: 0.01 }, usual, limits), undefined);
  });

  it('is not made on a few requests', () => {
    assert.equal(complaint({ requests: 19, errors: 19, p95: 9 }, usual, limits), undefined);
  });

  it('names the errors, and how many the release before has', () => {
    assert.equal(
      complaint({ requests: 100, errors: 7, p95: 0.01 }, usual, limits),
      '7 of 100 requests failed (7 %; 1 % may, 0 % fail with the release before)',
    );
  });

  it('does not count what fails with the release before as well', () => {
    assert.equal(
      complaint({ requests: 100, errors: 7, p95: 0.01 }, { ...usual, errors: 80 }, limits),
      undefined,
    );
  });

  it('names the latency, unless nobody would notice', () => {
    assert.equal(
      complaint({ requests: 100, errors: 0, p95: 0.05 }, usual, limits),
      '95 % of its answers took up to 50 ms, with the release before 10 ms (2 times as long is allowed)',
    );
    assert.equal(
      complaint({ requests: 100, errors: 0, p95: 0.005 }, { ...usual, p95: 0.001 }, limits),
      undefined,
    );
    assert.equal(
      complaint({ requests: 100, errors: 0, p95: 9 }, { requests: 0, errors: 0, p95: NaN }, limits),
      undefined,
    );
  });
});
