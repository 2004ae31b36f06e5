import assert from 'node:assert/strict';
import { History } from '../../../src/core/metrics/history';

const point = (requestRate: number, statuses: Record<string, number> = {}) => ({
  values: { requestRate, errors: 0 },
  statuses: new Map(Object.entries(statuses)),
});

const rates = (history: History, from?: number) => [...history.block(from).fields.requestRate];

describe('History', () => {
  it('holds a value for each second, and gaps for what was skipped', () => {
    const history = new History(10);
    history.advance(100);
    history.fill(100, 100, point(1));
    history.advance(103);
    history.fill(103, 103, point(4));
    assert.deepEqual(rates(history), [1, NaN, NaN, 4]);
    assert.equal(history.block().from, 100);
    assert.deepEqual(rates(history, 102), [NaN, 4]);
  });

  it('forgets what is older than it can hold, also after a long pause', () => {
    const history = new History(3);
    for (let second = 1; second <= 5; second++) {
      history.advance(second);
      history.fill(second, second, point(second));
    }
    assert.deepEqual([history.first, rates(history)], [3, [3, 4, 5]]);
    history.advance(1_000_000);
    assert.deepEqual(rates(history), [NaN, NaN, NaN]);
  });

  it('writes no second that it does not keep', () => {
    const history = new History(5);
    history.advance(20);
    history.fill(1, 99, point(7));
    assert.deepEqual(rates(history), [7]);
    assert.equal(new History(5).block().length, 0);
  });

  it('drops what lies ahead when the clock is set back', () => {
    const history = new History(10);
    for (let second = 100; second <= 105; second++) {
      history.advance(second);
      history.fill(second, second, point(second));
    }
    history.advance(102);
    assert.deepEqual(rates(history), [100, 101, NaN]);
    history.advance(50);
    assert.equal(history.block().fields.requestRate.filter((value) => value > 0).length, 0);
  });

  it('keeps statuses once they were seen: 0 where others were answered, a gap where nothing was', () => {
    const history = new History(10);
    history.advance(1);
    history.fill(1, 1, point(1));
    history.advance(2);
    history.fill(2, 2, point(1, { 503: 0.5 }));
    history.advance(3);
    history.fill(3, 3, point(1));
    history.advance(4);
    history.fill(4, 4, { values: {}, statuses: new Map() });
    assert.deepEqual([...(history.block().statuses['503'] ?? [])], [NaN, 0.5, 0, NaN]);
  });

  it('keeps no more than 20 statuses', () => {
    const history = new History(10);
    history.advance(1);
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [String(400 + index), 0.01]));
    history.fill(1, 1, point(1, many));
    assert.equal(Object.keys(history.block().statuses).length, 20);
  });
});
