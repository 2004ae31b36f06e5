import assert from 'node:assert/strict';
import type { Field } from '../../../src/core/metrics/fields';
import { Monitor } from '../../../src/core/metrics/monitor';
import { inferBody, iris, startServer, stopServers } from '../server/support/serverProcess';
import { until } from './support';

const row = inferBody('X', [1, 4], [5.1, 3.5, 1.4, 0.2]);

describe('Monitor with the model server', () => {
  const monitor = new Monitor();
  after(async () => {
    monitor.dispose();
    await stopServers();
  });

  const values = (field: Field) => [...(monitor.block('iris')?.fields[field] ?? [])];
  const finite = (field: Field) => values(field).filter((value) => !Number.isNaN(value));
  const sum = (field: Field) => finite(field).reduce((all, value) => all + value, 0);

  it('counts predictions only, by status, with latency, CPU and memory', async () => {
    const server = await startServer(iris);
    const [input] = (
      JSON.parse((await server.fetch('/v2/models/iris')).text) as { inputs: { name: string }[] }
    ).inputs;
    const body = { inputs: [{ ...row.inputs[0], name: input?.name }] };
    for (let request = 0; request < 100; request++) await server.infer(body);
    monitor.watch({ id: 'iris', label: 'iris', url: () => server.url });
    await until(() => finite('requestRate').length >= 2, 'the first rates');
    assert.equal(sum('requestRate'), 0, 'what was before nobody watched is no traffic of now');
    assert.deepEqual(new Set(values('inFlight')), new Set([0]));

    for (let request = 0; request < 30; request++) {
      assert.equal((await server.infer(body)).status, 200);
      await server.fetch('/v2/health/ready');
    }
    for (let request = 0; request < 10; request++) {
      assert.equal((await server.infer({ inputs: [{ ...body.inputs[0], name: 'wrong' }] })).status, 400);
    }
    await until(() => Math.round(sum('requestRate')) >= 40, 'all requests to be seen');
    assert.ok(Math.abs(sum('requestRate') - 40) < 2, `40 requests: ${values('requestRate').join()}`);
    const latest = (field: Field) => finite(field).at(-1) ?? NaN;
    assert.ok(Math.abs(latest('errors4xx') - 0.25) < 1e-6, `a quarter failed: ${latest('errors4xx')}`);
    assert.ok(latest('p50') > 0 && latest('p50') <= latest('p95') && latest('p95') <= latest('p99'));
    assert.ok(latest('p99') < 5);
    assert.ok(latest('memoryWorker') > 2 ** 20 && latest('memory') > latest('memoryWorker'));
    assert.ok(latest('cpu') > 0 && latest('cpu') < 4, `${latest('cpu')} cores`);
    assert.deepEqual(Object.keys(monitor.block('iris')?.statuses ?? {}), ['400']);
  }).timeout(30_000);
});
