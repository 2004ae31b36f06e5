import assert from 'node:assert/strict';
import type { Field } from '../../../src/core/metrics/fields';
import { Monitor } from '../../../src/core/metrics/monitor';
import type { scrape } from '../../../src/core/metrics/scrape';
import { millisecondsToNext } from '../../../src/core/metrics/ticker';
import { listen, ServerMetrics, until } from './support';

const values = (monitor: Monitor, id: string, field: Field) => [...(monitor.block(id)?.fields[field] ?? [])];
const finite = (numbers: number[]) => numbers.filter((value) => !Number.isNaN(value));

describe('millisecondsToNext', () => {
  it('meets whole seconds however late the call before was', () => {
    assert.equal(millisecondsToNext(5000, 1000), 1000);
    assert.equal(millisecondsToNext(5040, 1000), 960);
    assert.equal(millisecondsToNext(5740, 1000), 260);
  });

  it('does not call twice for a second that it was a little early for', () => {
    assert.equal(millisecondsToNext(4999, 1000), 1001);
  });
});

describe('Monitor', () => {
  let monitor: Monitor;
  beforeEach(() => (monitor = new Monitor()));
  afterEach(() => monitor.dispose());

  it('follows a server through its death and its restart', async () => {
    let metrics = new ServerMetrics();
    metrics.answer(1000);
    let server = await listen((...call) => metrics.listener(...call));
    const { port, url } = server;
    const watch = monitor.watch({ id: 'a', label: 'A', url: () => url });
    let samples = 0;
    monitor.onSample(({ source }) => {
      assert.equal(source, 'a');
      samples++;
      if (monitor.state('a')?.state === 'live') metrics.answer(10);
    });
    assert.equal(monitor.state('a')?.state, 'waiting');
    await until(() => samples === 3, 'three samples');
    const state = monitor.state('a');
    assert.deepEqual([state?.state, state?.server, state?.latency], ['live', 'Slipway', 'histogram']);

    await server.close();
    await until(() => monitor.state('a')?.state === 'gone', 'it to be gone');
    const gone = monitor.state('a');
    assert.match(gone?.detail ?? '', /Nothing listens|connection was closed/);
    assert.ok(Math.abs(Date.now() - (gone?.since ?? 0)) < 3000);
    await until(() => /Nothing listens/.test(monitor.state('a')?.detail ?? ''), 'it to be gone for sure');
    assert.equal(monitor.state('a')?.since, gone?.since, 'since the first failure');

    metrics = new ServerMetrics();
    server = await listen((...call) => metrics.listener(...call), port);
    const before = samples;
    await until(() => monitor.state('a')?.state === 'live' && samples >= before + 3, 'it to be back');
    watch.dispose();
    await server.close();

    const rates = values(monitor, 'a', 'requestRate');
    assert.ok(rates.includes(NaN), 'a gap');
    assert.ok(
      finite(rates).every((rate) => rate >= 0 && rate < 40),
      `neither a spike nor below 0: ${rates.join()}`,
    );
    assert.ok(finite(rates).filter((rate) => rate > 5).length >= 3, `rates on both sides: ${rates.join()}`);
    const gap = rates.indexOf(
      NaN,
      rates.findIndex((rate) => rate > 0),
    );
    assert.ok(
      rates.slice(gap).some((rate) => rate > 0),
      `goes on after the gap: ${rates.join()}`,
    );
    for (const p50 of finite(values(monitor, 'a', 'p50'))) assert.ok(Math.abs(p50 - 0.0075) < 1e-6);
  }).timeout(30_000);

  it('never has two scrapes of one source at a time, and others do not wait for it', async () => {
    const metrics = new ServerMetrics();
    let running = 0;
    let most = 0;
    const slow = await listen((...call) => {
      most = Math.max(most, ++running);
      setTimeout(() => {
        running--;
        metrics.listener(...call);
      }, 1700);
    });
    const fast = await listen(metrics.listener);
    const samples = { slow: 0, fast: 0 };
    monitor.onSample(({ source }) => samples[source as 'slow' | 'fast']++);
    monitor.watch({ id: 'slow', label: '', url: () => slow.url });
    monitor.watch({ id: 'fast', label: '', url: () => Promise.resolve(fast.url) });
    await until(() => samples.slow === 2, 'two slow scrapes');
    assert.equal(most, 1);
    assert.ok(samples.fast >= 3, `${samples.fast} fast scrapes`);
    const rates = values(monitor, 'slow', 'requestRate');
    assert.deepEqual(
      rates.filter((rate) => rate === 0).length,
      2,
      `the skipped second has a value too: ${rates.join()}`,
    );
    await Promise.all([slow.close(), fast.close()]);
  }).timeout(20_000);

  it('scrapes only while somebody watches, keeps what it has, and goes on from there', async () => {
    const metrics = new ServerMetrics();
    let scrapes = 0;
    const server = await listen((...call) => {
      scrapes++;
      metrics.listener(...call);
    });
    const source = { id: 'a', label: 'A', url: () => server.url };
    await new Promise((resolve) => setTimeout(resolve, 1100));
    assert.equal(scrapes, 0);
    const one = monitor.watch(source);
    const two = monitor.watch(source);
    await until(() => finite(values(monitor, 'a', 'memory')).length === 2, 'two values');
    assert.equal(scrapes, 2);
    one.dispose();
    one.dispose();
    await until(() => finite(values(monitor, 'a', 'memory')).length === 3, 'the other one still watches');
    assert.equal(scrapes, 3);
    two.dispose();
    await new Promise((resolve) => setTimeout(resolve, 2200));
    assert.equal(scrapes, 3);
    const three = monitor.watch(source);
    await until(() => scrapes === 4, 'scrapes to go on');
    await until(() => Number.isFinite(values(monitor, 'a', 'memory').at(-1)), 'the newest value');
    three.dispose();
    const memory = values(monitor, 'a', 'memory');
    assert.ok(finite(memory).length === 4 && memory.includes(NaN), `${memory.join()}`);
    await server.close();
  }).timeout(20_000);

  it('says of a source without an address that it does not run, and of unknown metrics what they are', async () => {
    const server = await listen((_request, response) => response.end('up 1\n'));
    monitor.watch({ id: 'stopped', label: '', url: () => undefined });
    monitor.watch({ id: 'other', label: '', url: () => server.url });
    monitor.watch({ id: 'failing', label: '', url: () => Promise.reject(new Error('No such release.')) });
    await until(
      () => ['stopped', 'other', 'failing'].every((id) => monitor.state(id)?.state === 'gone'),
      'three answers',
    );
    assert.equal(monitor.state('stopped')?.detail, 'It does not run.');
    assert.match(monitor.state('other')?.detail ?? '', /not those of a model server that Slipway knows/);
    assert.equal(monitor.state('failing')?.detail, 'No such release.');
    await server.close();
  });

  it('leaves the process free while it watches many sources', async () => {
    const text = await new ServerMetrics().registry.metrics();
    const server = await listen((_request, response) => response.end(text));
    let samples = 0;
    monitor.onSample(() => samples++);
    for (let source = 0; source < 60; source++)
      monitor.watch({ id: `${source}`, label: '', url: () => server.url });
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }, 5);
    await until(() => samples >= 120, 'two rounds');
    clearInterval(timer);
    assert.ok(longest < 400, `blocked for ${Math.round(longest)} ms`);
    monitor.dispose();
    await server.close();
  }).timeout(20_000);

  it('ends a scrape that nobody waits for any more', async () => {
    let aborted = false;
    let started = false;
    const hanging: typeof scrape = (_url, signal) => {
      started = true;
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          aborted = true;
          reject(signal.reason as Error);
        }),
      );
    };
    const own = new Monitor(hanging);
    const watch = own.watch({ id: 'a', label: '', url: () => 'http://127.0.0.1:1' });
    await until(() => started, 'a scrape');
    watch.dispose();
    assert.ok(aborted);
    assert.equal(own.state('a')?.state, 'waiting');
    own.dispose();
  });
});
