import assert from 'node:assert/strict';
import { RunCost } from '../../../src/server/batching/runCost';

/** Runs of as many rows as may run together, of at most `waiting`, each as long as `milliseconds` says; the limit after that. */
function settle(milliseconds: (rows: number) => number, waiting = 64, runs = 60): number {
  const cost = new RunCost();
  for (let run = 0; run < runs; run++) {
    const rows = run % 10 === 0 ? 1 : Math.min(cost.limit, waiting);
    cost.observe(rows, milliseconds(rows));
  }
  return cost.limit;
}

describe('cost of runs', () => {
  it('lets few rows run together where each is most of the run', () => {
    const limit = settle((rows) => 3.5 + 4.8 * rows);
    assert.ok(limit >= 4 && limit <= 8, `${limit} rows`);
  });

  it('lets all run together where a row adds little', () => {
    assert.ok(settle((rows) => 60 + 0.1 * rows) >= 64);
    assert.ok(settle((rows) => 0.06 + 0.0005 * rows) >= 64);
    assert.ok(settle(() => 2) >= 64);
  });

  it('lets no more than two run together where that makes them slower', () => {
    assert.equal(
      settle((rows) => 5 * rows ** 1.5),
      2,
    );
  });

  it('finds out again when all runs were alike for long', () => {
    const cost = new RunCost();
    for (let run = 0; run < 20; run++) cost.observe(1 + (run % 4), 5 * (1 + (run % 4)));
    assert.equal(cost.limit, 2);
    for (let run = 0; run < 300; run++) cost.observe(Math.min(cost.limit, 64), 10);
    assert.ok(cost.limit >= 64, `${cost.limit} rows`);
  });
});
