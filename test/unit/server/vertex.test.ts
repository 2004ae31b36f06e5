import assert from 'node:assert/strict';
import { readOptions } from '../../../src/server/options';
import { inferBody, iris, startServerOn, stopServers } from './support/serverProcess';
import type { TestServer } from './support/serverProcess';

const flower = [5.1, 3.5, 1.4, 0.2];
const instances = JSON.stringify({ instances: [flower] });

interface Operation {
  operationId: string;
}
type Posted = Record<string, { example?: unknown; examples?: Record<string, { value: unknown }> }>;
interface Description {
  paths: Record<string, { get?: Operation; post?: Operation & { requestBody: { content: Posted } } }>;
}

/** A server of the container that Vertex AI starts with these routes. */
function startOnVertex(health: string, predict: string, token = ''): Promise<TestServer> {
  const environment = { AIP_HEALTH_ROUTE: health, AIP_PREDICT_ROUTE: predict, SLIPWAY_TOKEN: token };
  return startServerOn({ environment }, iris);
}

describe('the routes that Vertex AI dictates', () => {
  afterEach(stopServers);

  for (const [what, health, predict] of [
    ['its own', '/v1/endpoints/12/deployedModels/34', '/v1/endpoints/12/deployedModels/34:predict'],
    ['those of a model of another name', '/v1/models/other', '/v1/models/other:predict'],
    ['those that the server has anyway', '/v2/health/ready', '/v1/models/iris:predict'],
    ['the same for both', '/', '/'],
  ] as const) {
    it(`are answered: ${what}`, async () => {
      const server = await startOnVertex(health, predict);
      const ready = await server.fetch(health);
      assert.equal(ready.status, 200, ready.text);
      assert.equal(ready.text, (await server.fetch('/v2/health/ready')).text);
      const { status, text } = await server.fetch(predict, { method: 'POST', body: instances });
      assert.equal(status, 200, text);
      assert.equal((JSON.parse(text) as { predictions: { label: number }[] }).predictions[0]?.label, 0);
      const metrics = (await server.fetch('/metrics')).text;
      assert.match(metrics, /slipway_requests_total\{route="predict",status="200"\} 1\n/);
    });
  }

  for (const [health, predict, own] of [
    ['/v1/endpoints/12/deployedModels/34', '/v1/endpoints/12/deployedModels/34:predict', {}],
    ['/', '/', {}],
    ['/alive', '/v2/models/other/infer', {}],
    ['/ping', '/predict', { get: 'ping', post: 'predict' }],
    ['/v2/health/ready', '/v1/models/iris:predict', { get: 'ready', post: 'predictV1' }],
  ] as const) {
    it(`are in the description of the interface, with examples that work: ${health} and ${predict}`, async () => {
      const server = await startOnVertex(health, predict);
      const { paths } = JSON.parse((await server.fetch('/openapi.json')).text) as Description;
      const { get, post } = { get: 'healthDictated', post: 'predictDictated', ...own };
      assert.equal(paths[health]?.get?.operationId, get);
      assert.equal((await server.fetch(health)).status, 200);
      const described = paths[predict]?.post;
      assert.equal(described?.operationId, post);
      const { example, examples = {} } = described.requestBody.content['application/json'] ?? {};
      const bodies = [...(example ? [example] : []), ...Object.values(examples).map(({ value }) => value)];
      assert.ok(bodies.length > 0);
      for (const body of bodies) {
        const { status, text } = await server.fetch(predict, { method: 'POST', body: JSON.stringify(body) });
        assert.equal(status, 200, text);
      }
      const ids = Object.values(paths).flatMap((item) => Object.values(item).map((one) => one.operationId));
      assert.equal(new Set(ids).size, ids.length, 'each has an id of its own');
    });
  }

  it('are nowhere else', async () => {
    const server = await startOnVertex('/deployed/1', '/deployed/1:predict');
    for (const path of ['/deployed/2', '/deployed/2:predict'])
      assert.equal((await server.fetch(path, { method: 'POST', body: instances })).status, 404);
    assert.equal((await server.fetch('/deployed/1:predict')).headers.get('allow'), 'POST');
  });

  it("keep the form that their address has on the server: the protocol's, or CSV", async () => {
    const infer = await startOnVertex('/v2/health/live', '/v2/models/other/infer');
    const body = JSON.stringify(inferBody('measurements', [1, 4], flower));
    const reply = await infer.fetch('/v2/models/other/infer', { method: 'POST', body });
    assert.match(reply.text, /"model_name":"iris"/);
    const invoked = await startOnVertex('/ping', '/invocations');
    const csv = { method: 'POST', body: flower.join(), headers: { 'Content-Type': 'text/csv' } };
    assert.match((await invoked.fetch('/invocations', csv)).text, /"predictions":/);
  });

  it('need the token for predictions only', async () => {
    const server = await startOnVertex('/alive', '/predictions', 'secret');
    assert.equal((await server.fetch('/alive')).status, 200);
    assert.equal((await server.fetch('/predictions', { method: 'POST', body: instances })).status, 401);
  });

  it('must be paths', () => {
    for (const route of ['health', 'https://example.org/health', '/a?b', '/:name', '/a b']) {
      for (const name of ['AIP_HEALTH_ROUTE', 'AIP_PREDICT_ROUTE'])
        assert.throws(() => readOptions(['--model', iris], { [name]: route }), new RegExp(`${name}.*path`));
    }
  });
});
