import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { complaint, runCanary } from '../../../src/core/release/canary';
import { listen, ServerMetrics } from '../metrics/support';
import { FakeTarget, release } from './fakeTarget';

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

describe('a step of a canary', () => {
  const now = performance.now.bind(performance);
  const servers: Awaited<ReturnType<typeof listen>>[] = [];
  let metrics: ServerMetrics;

  beforeEach(() => (metrics = new ServerMetrics()));
  afterEach(async () => {
    performance.now = now;
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  const give: RequestListener = (request, response) => metrics.listener(request, response);
  const cut: RequestListener = (request) => request.socket.destroy();

  async function serve(listener: RequestListener): Promise<string> {
    const server = await listen(listener);
    servers.push(server);
    return server.url;
  }

  /** Watches a candidate that answers the scrapes of its metrics, counted from 1, like this. */
  async function watch(watchSeconds: number, answer: (count: number) => RequestListener): Promise<string> {
    let count = 0;
    const candidate = await serve((request, response) => answer(++count)(request, response));
    const serving = new ServerMetrics();
    return runCanary(
      new FakeTarget(),
      release(2, 'canary', { url: candidate }),
      release(1, 'serving', { url: await serve(serving.listener) }),
      { ...limits, steps: [50], watchSeconds },
      { signal: new AbortController().signal, report: () => undefined },
    );
  }

  /** A clock of a system on which it goes on while the machine sleeps. */
  function pass(milliseconds: number): void {
    performance.now = () => now() + milliseconds;
  }

  it('counts what failed while the candidate did not answer', async () => {
    const step = watch(8, (count) => {
      if (count < 3) return give;
      if (count < 6) return cut;
      if (count === 6) {
        pass(12_000);
        metrics.answer(30, { status: '503' });
      }
      return give;
    });
    await assert.rejects(step, { code: 'canary-failed', message: /: 30 of 30 requests failed/ });
  });

  it('is over only when its time has been watched, also where the machine slept', async () => {
    const step = watch(4, (count) => {
      if (count === 2) setTimeout(() => pass(3_600_000), 300);
      if (count === 4) metrics.answer(30, { status: '503' });
      return give;
    });
    await assert.rejects(step, { code: 'canary-failed', message: /: 30 of 30 requests failed/ });
  });

  it('takes no longer than it is watched, and sees all of it', async () => {
    const begun = performance.now();
    const words = await watch(0.5, (count) => {
      if (count === 2) metrics.answer(30);
      return give;
    });
    assert.match(words, /^50 %: 30 requests, 0 failed, /);
    const taken = performance.now() - begun;
    assert.ok(taken > 450 && taken < 1400, String(taken));
  });

  it('bears a short silence, and ends a long one', async () => {
    const begun = performance.now();
    assert.match(await watch(0.1, (count) => (count === 2 ? cut : give)), /no requests came/);
    await assert.rejects(
      watch(0.1, (count) => (count === 1 ? give : cut)),
      { code: 'canary-failed', message: /it does not answer any more/ },
    );
    assert.ok(performance.now() - begun > 4000);
  });
});
