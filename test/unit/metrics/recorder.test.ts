import assert from 'node:assert/strict';
import type { Field } from '../../../src/core/metrics/fields';
import { History } from '../../../src/core/metrics/history';
import { latencyKind, Recorder } from '../../../src/core/metrics/recorder';
import type { Durations, Reading } from '../../../src/core/metrics/reading';

const first = 1_700_000_000;

class Tester {
  readonly history = new History();
  readonly recorder = new Recorder(this.history);

  add(second: number, reading: Partial<Reading>): void {
    this.history.advance(first + second);
    const whole = {
      server: 'Test',
      started: 1,
      requests: new Map(),
      cpu: new Map(),
      memory: new Map(),
      ...reading,
    };
    const milliseconds = (first + second) * 1000;
    this.recorder.add(first + second, { reading: whole, wall: milliseconds, steady: milliseconds - 1e12 });
  }

  miss(second: number): void {
    this.history.advance(first + second);
    this.recorder.miss();
  }

  values(field: Field): number[] {
    return [...this.history.block().fields[field]].map((value) => Math.round(value * 1e5) / 1e5);
  }
}

const requests = (counts: Record<string, number>) => ({ requests: new Map(Object.entries(counts)) });

const durations = (counts: number[], sum: number): { durations: Durations } => ({
  durations: { bounds: [0.01, 0.1, Infinity], counts, sum, count: counts[2] ?? 0 },
});

describe('Recorder', () => {
  it('has no rate for the first reading, and one for each that follows', () => {
    const tester = new Tester();
    tester.add(0, requests({ 200: 1000 }));
    tester.add(1, requests({ 200: 1010 }));
    tester.add(2, requests({ 200: 1010 }));
    assert.deepEqual(tester.values('requestRate'), [NaN, 10, 0]);
  });

  it('leaves a gap where a scrape failed and begins anew after it', () => {
    const tester = new Tester();
    tester.add(0, requests({ 200: 0 }));
    tester.add(1, requests({ 200: 5 }));
    tester.miss(2);
    tester.add(3, { ...requests({ 200: 500 }), inFlight: 2 });
    tester.add(4, requests({ 200: 507 }));
    assert.deepEqual(tester.values('requestRate'), [NaN, 5, NaN, NaN, 7]);
    assert.deepEqual(tester.values('inFlight'), [NaN, NaN, NaN, 2, NaN]);
  });

  it('gives the seconds of a slow scrape the rate over all of them', () => {
    const tester = new Tester();
    tester.add(0, requests({ 200: 0 }));
    tester.history.advance(first + 1);
    tester.history.advance(first + 2);
    tester.add(3, requests({ 200: 30 }));
    assert.deepEqual(tester.values('requestRate'), [NaN, 10, 10, 10]);
  });

  it('draws no spike and nothing negative over a restart', () => {
    const tester = new Tester();
    tester.add(0, requests({ 200: 100_000 }));
    tester.add(1, requests({ 200: 100_050 }));
    tester.add(2, { ...requests({ 200: 4 }), started: (first + 1.5) * 1000 });
    tester.add(3, { ...requests({ 200: 9 }), started: (first + 1.5) * 1000 });
    assert.deepEqual(tester.values('requestRate'), [NaN, 50, 4, 5]);
  });

  it('takes quantiles over the last 10 seconds only', () => {
    const tester = new Tester();
    tester.add(0, durations([50, 50, 50], 9));
    tester.add(1, durations([60, 60, 60], 9.05));
    // From here on nobody asks; the ten fast requests stay in view for ten seconds.
    for (let second = 2; second <= 12; second++) tester.add(second, durations([60, 60, 60], 9.05));
    const p50 = tester.values('p50');
    assert.deepEqual(p50.slice(0, 3), [NaN, 0.005, 0.005]);
    assert.deepEqual(p50.slice(10), [0.005, NaN, NaN]);
    assert.deepEqual(tester.values('mean').slice(0, 2), [NaN, 0.005]);
  });

  it('adds up the buckets of the window before it takes a quantile', () => {
    const tester = new Tester();
    tester.add(0, durations([0, 0, 0], 0));
    tester.add(1, durations([1, 1, 1], 0.005));
    tester.add(2, durations([1, 4, 4], 0.2));
    // One up to 10 ms, three between 10 and 100 ms: the second of four is the first of the three.
    assert.equal(tester.values('p50')[2], 0.04);
    assert.equal(tester.values('p95')[2], 0.094);
  });

  it('gives errors as a share of the requests of the last 10 seconds, by class and by status', () => {
    const tester = new Tester();
    tester.add(0, requests({ 200: 10, 404: 3 }));
    tester.add(1, requests({ 200: 16, 404: 4, 422: 1, 503: 2 }));
    assert.deepEqual(tester.values('errors4xx'), [NaN, 0.2]);
    assert.deepEqual(tester.values('errors5xx'), [NaN, 0.2]);
    const { statuses } = tester.history.block();
    assert.deepEqual(
      Object.entries(statuses).map(([status, values]) => [status, Math.round((values[1] ?? 0) * 10) / 10]),
      [
        ['404', 0.1],
        ['422', 0.1],
        ['503', 0.2],
      ],
    );
  });

  it('has no error rate without requests', () => {
    const tester = new Tester();
    tester.add(0, requests({ 200: 10 }));
    tester.add(1, requests({ 200: 10 }));
    assert.deepEqual(tester.values('errors5xx'), [NaN, NaN]);
  });

  it('has errors without classes where a server tells no status, and none where it tells nothing', () => {
    const words = new Tester();
    words.add(0, requests({ ok: 0, BACKEND: 0 }));
    words.add(1, requests({ ok: 3, BACKEND: 1 }));
    assert.deepEqual(
      [words.values('errors'), words.values('errors5xx')],
      [
        [NaN, 0.25],
        [NaN, NaN],
      ],
    );
    const nothing = new Tester();
    nothing.add(0, requests({ '': 0 }));
    nothing.add(1, requests({ '': 4 }));
    assert.deepEqual(
      [nothing.values('errors'), nothing.values('requestRate')],
      [
        [NaN, NaN],
        [NaN, 4],
      ],
    );
  });

  it('adds up CPU and memory of front and worker', () => {
    const tester = new Tester();
    const usage = (front: number, worker: number) => ({
      cpu: new Map(Object.entries({ front, worker })),
      memory: new Map(Object.entries({ front: 100, worker: 50 })),
    });
    tester.add(0, usage(1, 10));
    tester.add(1, usage(1.25, 10.5));
    assert.deepEqual(tester.values('cpu'), [NaN, 0.75]);
    assert.deepEqual(tester.values('cpuWorker'), [NaN, 0.5]);
    assert.deepEqual(tester.values('memory'), [150, 150]);
  });
});

describe('latencyKind', () => {
  const base = { server: 'T', requests: new Map(), cpu: new Map(), memory: new Map() };
  it('says how much a server tells', () => {
    const mean = { bounds: [], counts: [], sum: 1, count: 1 };
    assert.equal(latencyKind({ ...base, ...durations([1, 1, 1], 1) }), 'histogram');
    assert.equal(latencyKind({ ...base, durations: mean, quantiles: new Map([[0.5, 1]]) }), 'quantiles');
    assert.equal(latencyKind({ ...base, durations: mean }), 'mean');
    assert.equal(latencyKind(base), undefined);
  });
});
