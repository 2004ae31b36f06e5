import assert from 'node:assert/strict';
import { History } from '../../../src/core/metrics/history';
import type { PageSource } from '../../../src/core/protocol/metrics';
import { moveByKey } from '../../../webview/metrics/cursor';
import { format, formatMoment, formatTick, formatTimeTick } from '../../../webview/metrics/format';
import { kinds } from '../../../webview/metrics/kinds';
import { emptyText, momentText, spokenSummary, stateText } from '../../../webview/metrics/state';
import { highest, Tape } from '../../../webview/metrics/tape';

const start = 1_700_000_000;

/** What the editor keeps, filled second by second. */
function history(rates: number[], statuses: Record<string, number> = {}): History {
  const made = new History();
  rates.forEach((requestRate, index) => {
    made.advance(start + index);
    const values = { requestRate, p95: 0.004, errors: 0.25, errors4xx: 0.25, errors5xx: 0 };
    if (!Number.isNaN(requestRate)) {
      made.fill(start + index, start + index, { values, statuses: new Map(Object.entries(statuses)) });
    }
  });
  return made;
}

const source = (more: Partial<PageSource> = {}): PageSource => ({
  id: 'iris',
  label: 'iris',
  state: 'live',
  since: start * 1000,
  server: 'Slipway',
  latency: 'histogram',
  deploys: [],
  ...more,
});

const newest = (tape: Tape, count: number) => [...tape.fields.requestRate.subarray(-count)];

describe('Tape', () => {
  it('holds what the editor sends, in its place in time', () => {
    const tape = new Tape(start + 4, 10);
    tape.write(history([1, 2, 3]).block());
    assert.deepEqual(newest(tape, 6), [NaN, 1, 2, 3, NaN, NaN]);
    assert.equal(tape.at(tape.fields.requestRate, start + 1), 2);
    assert.equal(tape.at(tape.fields.requestRate, start - 100), NaN);
  });

  it('moves on, and forgets what is older than it holds', () => {
    const tape = new Tape(start + 2, 4);
    tape.write(history([1, 2, 3]).block());
    tape.advance(start + 4);
    assert.deepEqual(newest(tape, 4), [2, 3, NaN, NaN]);
    tape.write(history([9, 9, 9, 4, 5]).block(start + 3));
    assert.deepEqual(newest(tape, 4), [2, 3, 4, 5]);
    tape.advance(start + 400);
    assert.deepEqual(newest(tape, 4), [NaN, NaN, NaN, NaN]);
  });

  it('follows a clock that was set back', () => {
    const tape = new Tape(start + 3, 4);
    tape.write(history([1, 2, 3, 4]).block());
    tape.advance(start + 1);
    assert.deepEqual(newest(tape, 4), [NaN, NaN, 1, 2]);
  });

  it('leaves out what lies outside of the hour', () => {
    const tape = new Tape(start + 2, 2);
    tape.write(history([1, 2, 3, 4, 5]).block());
    assert.deepEqual(newest(tape, 2), [2, 3]);
    const long = new Tape(start + 9000, 3600);
    long.write(history([1]).block());
    assert.equal(highest(long.fields.requestRate), 0);
  });

  it('takes a value of the last seconds for the present one, but none that is older', () => {
    const tape = new Tape(start + 2);
    tape.write(history([1, 2, 3]).block());
    tape.advance(start + 6);
    assert.equal(tape.latest(tape.fields.requestRate, tape.now), 3);
    tape.advance(start + 7);
    assert.equal(tape.latest(tape.fields.requestRate, tape.now), NaN);
  });

  it('knows how far back it reaches', () => {
    const tape = new Tape(start + 4, 10);
    assert.equal(tape.reaches(start + 3), false);
    tape.write({ ...history([]).block(), from: 0 });
    assert.equal(tape.reaches(start + 3), false);
    tape.write(history([1, 2, 3]).block());
    assert.deepEqual([tape.reaches(start - 1), tape.reaches(start)], [false, true]);
    tape.advance(start + 10);
    assert.deepEqual([tape.reaches(start), tape.reaches(start + 1)], [false, true]);
    tape.advance(start - 5);
    assert.deepEqual([tape.reaches(start - 6), tape.reaches(start - 5)], [false, true]);
  });

  it('holds a status from the second on that it was first seen', () => {
    const tape = new Tape(start + 1, 3);
    tape.write(history([1, 2], { 503: 0.5 }).block());
    assert.deepEqual([...(tape.statuses.get('503') ?? [])], [NaN, 0.5, 0.5]);
  });
});

describe('format', () => {
  it('chooses units that fit', () => {
    assert.equal(format(0.00005, 'duration'), '50 µs');
    assert.equal(format(0.00421, 'duration'), '4.21 ms');
    assert.equal(format(1.5, 'duration'), '1.5 s');
    assert.equal(format(0, 'duration'), '0 ms');
    assert.equal(format(0.0125, 'share'), '1.25 %');
    assert.equal(format(1234.5, 'rate'), '1,235 req/s');
    assert.equal(format(200 * 2 ** 20, 'bytes'), '200 MiB');
    assert.equal(format(1.5 * 2 ** 30, 'bytes'), '1.5 GiB');
    assert.equal(format(1, 'cores'), '1 core');
    assert.equal(format(100, 'count'), '100');
    assert.equal(format(NaN, 'rate'), '–');
  });

  it('gives ticks as many digits as tell them apart', () => {
    assert.equal(formatTick(0.5, 0.5, 'duration'), '0.5 ms');
    assert.equal(formatTick(1500, 500, 'duration'), '1.5 s');
    assert.equal(formatTick(20, 10, 'share'), '20 %');
    assert.equal(formatTick(0.25, 0.05, 'cores'), '0.25');
    assert.equal(formatTick(7.5, 2.5, 'duration'), '7.5 ms');
    assert.equal(formatTick(7500, 2500, 'duration'), '7.5 s');
    assert.equal(formatTick(0.75, 0.25, 'cores'), '0.75');
    assert.equal(formatTick(750, 250, 'bytes'), '750 MiB');
    assert.match(formatTimeTick(start, 30), /^\d\d:\d\d:\d\d$/);
    assert.match(formatTimeTick(start, 60), /^\d\d:\d\d$/);
  });

  it('tells the date of a moment that is not of today', () => {
    const at = (...time: [number, number, number, number, number]) => new Date(...time).getTime() / 1000;
    const justBefore = at(2026, 2, 7, 23, 59);
    assert.equal(formatMoment(justBefore, justBefore + 59), '23:59:00');
    assert.equal(formatMoment(justBefore, justBefore + 60), '7 Mar 2026, 23:59:00');
    assert.equal(formatMoment(justBefore, at(2027, 2, 7, 23, 59)), '7 Mar 2026, 23:59:00');
  });
});

describe('lines of the charts', () => {
  const linesOf = (id: string, tape: Tape, of: PageSource) =>
    kinds
      .find((kind) => kind.id === id)
      ?.lines(tape, of)
      .map(({ label }) => label);

  it('names a single status with its class, and draws several apart', () => {
    const tape = new Tape(start + 1);
    assert.deepEqual(linesOf('errors', tape, source()), ['4xx', '5xx']);
    tape.write(history([1, 2], { 404: 0.2, 422: 0.1, 503: 0.1, failed: 0.1 }).block());
    assert.deepEqual(linesOf('errors', tape, source()), ['4xx', '5xx (503)', '404', '422', 'failed']);
  });

  it('draws errors as a whole where a server tells no status', () => {
    const made = new History();
    made.advance(start);
    made.fill(start, start, { values: { errors: 0.5 }, statuses: new Map([['BACKEND', 0.5]]) });
    const tape = new Tape(start);
    tape.write(made.block());
    assert.deepEqual(linesOf('errors', tape, source()), ['Failed', 'BACKEND']);
  });

  it('shows the mean and says so where a server has no histogram', () => {
    const mean = source({ latency: 'mean', server: 'TorchServe' });
    assert.deepEqual(linesOf('latency', new Tape(start), mean), ['Mean']);
    const latency = kinds.find(({ id }) => id === 'latency');
    assert.match(latency?.note?.(mean) ?? '', /TorchServe has no histogram.*p95.*not available/);
    assert.equal(latency?.note?.(source()), undefined);
  });

  it('tells lines of one chart apart without colour', () => {
    const tape = new Tape(start);
    tape.write(history([1], { 400: 0.1, 404: 0.1, 500: 0.1, 503: 0.1 }).block());
    for (const kind of kinds) {
      const dashes = kind.lines(tape, source()).map(({ dash }) => dash.join());
      assert.equal(new Set(dashes).size, dashes.length, `${kind.id}: ${dashes.join(' / ')}`);
    }
  });
});

describe('words about a source', () => {
  const none = { isKept: true, hasValues: false, hadValues: false, hasTraffic: false, hadTraffic: false };

  it('says since when it does not answer, and why', () => {
    const gone = source({ state: 'gone', detail: 'Nothing listens at http://127.0.0.1:1/metrics.' });
    assert.match(stateText(gone), /^No answer since \d\d:\d\d:\d\d\. Nothing listens at/);
    assert.match(stateText(source()), /^Slipway, live since \d\d:\d\d:\d\d$/);
  });

  it('says what to do where there were no requests yet, and why a chart is empty', () => {
    assert.match(emptyText(source(), 'rate', { ...none, hasValues: true }) ?? '', /Send one with/);
    assert.equal(emptyText(source(), 'rate', { ...none, hasValues: true, hadTraffic: true }), undefined);
    assert.equal(emptyText(source(), 'latency', none), 'No requests in this time');
    assert.equal(emptyText(source(), 'errors', { ...none, hasTraffic: true }), 'This server does not tell');
    assert.equal(emptyText(source(), 'cpu', none), 'This server does not tell');
    assert.match(emptyText(source({ state: 'waiting' }), 'cpu', none) ?? '', /Waiting/);
    assert.equal(emptyText(source({ state: 'gone' }), 'cpu', none), 'No values in this time');
  });

  it('says that the time in view is not kept any more, whatever the chart and the state', () => {
    const lost = { ...none, isKept: false };
    const text = 'This time is not kept any more. Resume to see the present.';
    for (const { id } of kinds) {
      assert.equal(emptyText(source(), id, lost), text);
      assert.equal(emptyText(source(), id, { ...lost, hadValues: true, hadTraffic: true }), text);
      assert.equal(emptyText(source({ state: 'gone' }), id, lost), text);
    }
  });

  it('does not say that a server is silent about what it told at another time', () => {
    assert.equal(emptyText(source(), 'cpu', { ...none, hadValues: true }), 'No values in this time');
  });

  it('says whether the moment shown is the present, or that of the pause', () => {
    const view = { from: start, to: start + 60, second: undefined, now: start + 60, paused: false };
    assert.match(momentText(view), /^\d\d:\d\d:\d\d \(newest\)$/);
    assert.match(momentText({ ...view, paused: true }), /^\d\d:\d\d:\d\d \(paused\)$/);
    assert.match(momentText({ ...view, paused: true, second: start }), /^\d\d:\d\d:\d\d$/);
    assert.match(momentText({ ...view, paused: true, now: start + 2 * 86_400 }), /Nov 2023, .* \(paused\)$/);
  });

  it('sums up a source in a sentence', () => {
    const tape = new Tape(start + 1);
    tape.write(history([1, 12]).block());
    assert.equal(
      spokenSummary(source(), tape, tape.now),
      'iris: 12 requests per second, p95 4 ms, errors 25 %.',
    );
    assert.match(spokenSummary(source({ state: 'gone' }), tape, tape.now), /^iris: No answer since/);
  });
});

describe('moveByKey', () => {
  const view = { from: 1000, to: 1300, second: undefined, now: 1300, paused: false };

  it('goes by a sixtieth of the view, from the present', () => {
    assert.equal(moveByKey('ArrowLeft', view), 1295);
    assert.equal(moveByKey('ArrowRight', { ...view, second: 1100 }), 1105);
    assert.equal(moveByKey('PageDown', { ...view, second: 1100 }), 1050);
  });

  it('stays in view, and returns to the present at its end', () => {
    assert.equal(moveByKey('PageDown', { ...view, second: 1010 }), 1000);
    assert.equal(moveByKey('ArrowRight', { ...view, second: 1297 }), undefined);
    assert.equal(moveByKey('Home', view), 1000);
    assert.equal(moveByKey('Escape', { ...view, second: 1100 }), undefined);
  });
});
