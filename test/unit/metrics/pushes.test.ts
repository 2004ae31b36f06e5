import assert from 'node:assert/strict';
import { Emitter } from '../../../src/core/event';
import type { SourceState } from '../../../src/core/metrics/fields';
import { History } from '../../../src/core/metrics/history';
import type { SampleEvent } from '../../../src/core/metrics/monitor';
import type { MetricsSource } from '../../../src/core/metrics/source';
import type { ToPage } from '../../../src/core/protocol/metrics';
import { lookedUp } from '../../../src/editor/metrics/panelSources';
import { Pushes } from '../../../src/editor/metrics/pushes';

/** A monitor whose clock is moved by hand. */
class FakeMonitor {
  readonly sampled = new Emitter<SampleEvent>();
  readonly ticked = new Emitter<number>();
  readonly onSample = this.sampled.event;
  readonly onTick = this.ticked.event;
  readonly histories = new Map<string, History>();
  watching = 0;

  watch({ id }: MetricsSource) {
    this.histories.set(id, new History());
    this.watching++;
    return { dispose: () => void this.watching-- };
  }

  state(): SourceState {
    return { state: 'live', since: 1000, server: 'Slipway', latency: 'histogram' };
  }

  block(id: string, from?: number) {
    return this.histories.get(id)?.block(from);
  }

  sample(id: string, second: number, from = second): void {
    const history = this.histories.get(id);
    history?.advance(second);
    history?.fill(from, second, { values: { requestRate: second }, statuses: new Map() });
    this.sampled.fire({ source: id, from });
  }
}

const source = (id: string): MetricsSource => ({
  id,
  label: id.toUpperCase(),
  url: () => 'http://127.0.0.1:1',
  deploys: () => [{ at: new Date(5000), label: 'revision 2' }],
});

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const ratesIn = (message: ToPage | undefined) =>
  message?.sources.map(({ block }) => (block ? [...block.fields.requestRate] : undefined));

describe('Pushes', () => {
  let monitor: FakeMonitor;
  let sent: ToPage[];
  let pushes: Pushes;

  beforeEach(() => {
    monitor = new FakeMonitor();
    sent = [];
    pushes = new Pushes([source('a'), source('b')], monitor, (message) => sent.push(message));
  });
  afterEach(() => pushes.dispose());

  it('watches as long as the panel is open, and sends nothing before the page is ready', async () => {
    assert.equal(monitor.watching, 2);
    monitor.ticked.fire(10);
    monitor.sample('a', 10);
    await pause(350);
    assert.equal(sent.length, 0);
    pushes.dispose();
    assert.equal(monitor.watching, 0);
  });

  it('answers a page with everything, then sends what is new, all sources in one message', async () => {
    for (let second = 1; second <= 3; second++) monitor.sample('a', second);
    monitor.ticked.fire(3);
    pushes.start();
    assert.deepEqual([sent[0]?.type, sent[0]?.now, ratesIn(sent[0])], ['snapshot', 3, [[1, 2, 3], []]]);
    const { block, ...described } = sent[0]?.sources[0] ?? {};
    assert.ok(block);
    assert.deepEqual(described, {
      id: 'a',
      label: 'A',
      deploys: [{ at: 5000, label: 'revision 2' }],
      state: 'live',
      since: 1000,
      server: 'Slipway',
      latency: 'histogram',
    });

    monitor.ticked.fire(4);
    monitor.sample('a', 4);
    monitor.sample('b', 4);
    await pause(350);
    assert.equal(sent.length, 2);
    assert.deepEqual([sent[1]?.type, sent[1]?.now, ratesIn(sent[1])], ['update', 4, [[4], [4]]]);
  });

  it('sends a late value with the next second, back to the first that is new', async () => {
    pushes.start();
    monitor.ticked.fire(4);
    await pause(350);
    assert.deepEqual(ratesIn(sent[1]), [undefined, undefined]);
    monitor.sample('a', 5, 3);
    monitor.sample('a', 6);
    monitor.ticked.fire(6);
    await pause(350);
    assert.deepEqual(ratesIn(sent[2])?.[0], [5, 6]);
    assert.equal(sent[2]?.sources[0]?.block?.from, 5);
  });

  it('sends nothing while hidden, and everything when shown again', async () => {
    pushes.start();
    monitor.ticked.fire(4);
    monitor.sample('a', 4);
    pushes.stop();
    monitor.ticked.fire(5);
    monitor.sample('a', 5);
    await pause(350);
    assert.equal(sent.length, 1);
    pushes.start();
    assert.deepEqual([sent[1]?.type, ratesIn(sent[1])?.[0]], ['snapshot', [4, 5]]);
  });
});

describe('lookedUp', () => {
  it('finds a source that is known only later, and follows its address', async () => {
    const known = new Map<string, MetricsSource>();
    const found = lookedUp({ id: 'a', label: 'as it was' }, (id) => known.get(id));
    assert.deepEqual([found.label, await found.url(), found.deploys?.()], ['as it was', undefined, []]);
    known.set('a', { ...source('a'), url: () => 'http://127.0.0.1:2' });
    assert.deepEqual([found.label, await found.url()], ['A', 'http://127.0.0.1:2']);
  });

  it('does not go on with what it was given once that is known to be gone', async () => {
    let known: MetricsSource | undefined;
    const found = lookedUp(source('a'), () => known, source('a'));
    assert.equal(await found.url(), 'http://127.0.0.1:1');
    known = source('a');
    assert.equal(await found.url(), 'http://127.0.0.1:1');
    known = undefined;
    assert.equal(await found.url(), undefined);
  });
});
