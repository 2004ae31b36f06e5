import assert from 'node:assert/strict';
import { UserError } from '../../../src/core/errors';
import { total } from '../../../src/core/metrics/query';
import { scrape, type ScrapeLimits } from '../../../src/core/metrics/scrape';
import { listen, ServerMetrics } from './support';

const never = new AbortController().signal;

async function refused(url: string, limits?: ScrapeLimits): Promise<string> {
  const error: unknown = await scrape(url, never, limits).then(
    () => assert.fail('was not refused'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof UserError && error.code === 'endpoint-gone', String(error));
  return error.message;
}

describe('scrape', () => {
  it('reads /metrics of a server, and another path where one is given', async () => {
    const metrics = new ServerMetrics();
    metrics.answer(3);
    const asked: (string | undefined)[] = [];
    const server = await listen((request, response) => {
      asked.push(request.url);
      metrics.listener(request, response);
    });
    try {
      const { families, wall } = await scrape(server.url, never);
      assert.equal(total(families, 'slipway_requests_total'), 3);
      assert.ok(Math.abs(Date.now() - wall) < 2000);
      await scrape(`${server.url}/other?x=1`, never);
      assert.deepEqual(asked, ['/metrics', '/other?x=1']);
    } finally {
      await server.close();
    }
  });

  it('says that nothing listens, and where', async () => {
    const server = await listen(() => undefined);
    await server.close();
    assert.equal(await refused(server.url), `Nothing listens at ${server.url}/metrics.`);
  });

  it('says what was answered in place of metrics', async () => {
    const server = await listen((request, response) => {
      response.statusCode = request.url === '/metrics' ? 404 : 200;
      response.end('<html>no</html>');
    });
    try {
      assert.match(await refused(server.url), /answered 404/);
      assert.match(await refused(`${server.url}/page`), /not in Prometheus’ format: line 1/);
    } finally {
      await server.close();
    }
  });

  it('waits no longer than its limit, for the head and for the body', async () => {
    const server = await listen((request, response) => {
      if (request.url === '/body') response.write('a 1\n');
    });
    try {
      for (const path of ['/head', '/body']) {
        const before = performance.now();
        assert.match(await refused(server.url + path, { milliseconds: 150 }), /took longer than 0.15 s/);
        assert.ok(performance.now() - before < 1500);
      }
    } finally {
      await server.close();
    }
  });

  it('reads no more than its limit of an endless body', async () => {
    let open = true;
    const server = await listen((_request, response) => {
      response.on('close', () => (open = false));
      const write = () => {
        while (open && response.write('# '.padEnd(65_535, 'x') + '\n'));
      };
      response.on('drain', write);
      write();
    });
    try {
      assert.match(await refused(server.url, { bytes: 1024 * 1024 }), /sent more than 1 MiB/);
    } finally {
      await server.close();
    }
  });

  it('stops with the reason of its signal', async () => {
    const server = await listen(() => undefined);
    const controller = new AbortController();
    const reason = new Error('enough');
    try {
      setTimeout(() => controller.abort(reason), 50);
      await assert.rejects(scrape(server.url, controller.signal), reason);
      await assert.rejects(scrape(server.url, controller.signal), reason);
    } finally {
      await server.close();
    }
  });
});
