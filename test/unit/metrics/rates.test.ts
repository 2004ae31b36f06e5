import assert from 'node:assert/strict';
import { increase, increaseBetween, type ReadingAt } from '../../../src/core/metrics/rates';
import type { Reading } from '../../../src/core/metrics/reading';

const start = 1_700_000_000_000;

const requests = (counts: Record<string, number>) => new Map(Object.entries(counts));

function reading(counts: Record<string, number>, more: Partial<Reading> = {}): Reading {
  return {
    server: 'Test',
    started: start - 60_000,
    requests: requests(counts),
    cpu: new Map(),
    memory: new Map(),
    ...more,
  };
}

const at = (seconds: number, value: Reading): ReadingAt => ({
  reading: value,
  wall: start + seconds * 1000,
  steady: 5000 + seconds * 1000,
});

const requestsOf = (before: ReadingAt, now: ReadingAt) => {
  const between = increaseBetween(before, now);
  return between && Object.fromEntries(between.requests);
};

describe('increase', () => {
  it('is the difference, or all of a counter that fell or is new', () => {
    assert.equal(increase(10, 15), 5);
    assert.equal(increase(10, 10), 0);
    assert.equal(increase(10, 3), 3);
    assert.equal(increase(undefined, 4), 4);
  });
});

describe('increaseBetween', () => {
  it('counts by status and tells the seconds between', () => {
    const between = increaseBetween(at(0, reading({ 200: 10 })), at(1.5, reading({ 200: 25, 503: 2 })));
    assert.equal(between?.seconds, 1.5);
    assert.deepEqual(Object.fromEntries(between?.requests ?? []), { 200: 15, 503: 2 });
  });

  it('after a restart counts what the new process has done, also where it has passed the old value', () => {
    const restarted = reading({ 200: 12 }, { started: start + 400 });
    assert.deepEqual(requestsOf(at(0, reading({ 200: 10 })), at(1, restarted)), { 200: 12 });
  });

  it('says nothing where another process answers that has run before: its count is no traffic of this second', () => {
    const other = reading({ 200: 100_000 }, { started: start - 3_600_000 });
    assert.equal(increaseBetween(at(0, reading({ 200: 10 })), at(1, other)), undefined);
  });

  it('takes a start that is rounded, or worked out anew each time, for the same', () => {
    const before = at(0, reading({ 200: 10 }, { started: start - 60_000 }));
    assert.deepEqual(requestsOf(before, at(1, reading({ 200: 12 }, { started: start - 59_600 }))), {
      200: 2,
    });
  });

  it('is never negative where the process does not say when it started', () => {
    const unknown = { started: undefined };
    const before = at(0, reading({ 200: 1000 }, unknown));
    assert.deepEqual(requestsOf(before, at(1, reading({ 200: 3 }, unknown))), { 200: 3 });
  });

  it('says nothing over a long pause, a sleep or a step of the clock', () => {
    const before = at(0, reading({ 200: 1 }));
    assert.equal(increaseBetween(before, at(60, reading({ 200: 9 }))), undefined);
    const slept = { ...at(1, reading({ 200: 9 })), wall: start + 3_600_000 };
    assert.equal(increaseBetween(before, slept), undefined);
    assert.equal(increaseBetween(before, { ...before, steady: before.steady }), undefined);
  });

  it('counts over a pause as long as is asked for, resets as ever', () => {
    const over = (before: Reading, now: Reading) =>
      increaseBetween(at(0, before), at(60, now), Infinity)?.requests;
    assert.deepEqual(over(reading({ 200: 1 }), reading({ 200: 9, 503: 4 })), requests({ 200: 8, 503: 4 }));
    const unknown = { started: undefined };
    assert.deepEqual(over(reading({ 200: 9 }, unknown), reading({ 200: 2 }, unknown)), requests({ 200: 2 }));
    const restarted = reading({ 200: 12 }, { started: start + 30_000 });
    assert.deepEqual(over(reading({ 200: 10 }), restarted), requests({ 200: 12 }));
    assert.equal(increaseBetween(at(0, restarted), at(60, restarted), 59_000), undefined);
  });

  it('resets one counter apart from the others: a worker restarts alone', () => {
    const cpu = (front: number, worker: number) => ({ cpu: new Map(Object.entries({ front, worker })) });
    const between = increaseBetween(at(0, reading({}, cpu(10, 50))), at(1, reading({}, cpu(10.25, 0.5))));
    assert.deepEqual(Object.fromEntries(between?.cpu ?? []), { front: 0.25, worker: 0.5 });
  });

  it('resets a histogram as a whole', () => {
    const durations = (counts: number[], sum: number) => ({
      started: undefined,
      durations: { bounds: [1, 2, Infinity], counts, sum, count: counts[2] ?? 0 },
    });
    const before = at(0, reading({}, durations([0, 5, 9], 12)));
    const after = at(1, reading({}, durations([2, 4, 4], 5)));
    assert.deepEqual(increaseBetween(before, after)?.durations?.counts, [2, 4, 4]);
    const on = at(1, reading({}, durations([1, 7, 12], 20)));
    assert.deepEqual(increaseBetween(before, on)?.durations, {
      bounds: [1, 2, Infinity],
      counts: [1, 2, 3],
      sum: 8,
      count: 3,
    });
  });
});
