import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { proxyConfig } from '../../../src/core/target/docker/proxyConfig';
import {
  parseRoutes,
  routeAllTo,
  routePartTo,
  servingOf,
  trafficOf,
  type Routes,
} from '../../../src/core/target/docker/routes';

const none: Routes = { target: 'staging', model: 'iris', weights: [], promoted: [] };

describe('routes', () => {
  it('come back from the configuration that they were written into', () => {
    const routes = routeAllTo(none, 3);
    assert.deepEqual(parseRoutes(proxyConfig(routes, 'g')), routes);
  });

  it('are not made of a configuration that is not ours', () => {
    assert.equal(parseRoutes('global\n  maxconn 100\n'), undefined);
    assert.equal(parseRoutes('# slipway {"target":"staging"}\n'), undefined);
    assert.equal(parseRoutes('# slipway {\n'), undefined);
  });

  it('lead to one revision after a switch and remember the others', () => {
    const first = routeAllTo(none, 2);
    const back = routeAllTo(routeAllTo(first, 3), 2);
    assert.deepEqual(back.weights, [{ revision: 2, percent: 100 }]);
    assert.deepEqual(back.promoted, [2, 3]);
    assert.equal(trafficOf(back, 2), 100);
    assert.equal(trafficOf(back, 3), 0);
    assert.equal(trafficOf(undefined, 2), 0);
  });

  it('keep what was proven of the revisions that they remember', () => {
    let routes = routeAllTo(none, 1, 'one of one');
    routes = routeAllTo(routeAllTo(routes, 2, 'two of two'), 1);
    assert.deepEqual(routes.proofs, { 1: 'one of one', 2: 'two of two' });
    assert.deepEqual(parseRoutes(proxyConfig(routes, 'g')), routes);
    for (let revision = 3; revision <= 102; revision++) routes = routeAllTo(routes, revision, 'x');
    assert.equal(routes.proofs?.[2], undefined);
  });

  it('give one revision a part of the traffic, and the rest to the one that serves', () => {
    const first = routeAllTo(none, 2);
    const shared = routePartTo(first, 3, 20);
    assert.deepEqual([trafficOf(shared, 2), trafficOf(shared, 3), servingOf(shared)], [80, 20, 2]);
    const back = routePartTo(shared, 3, 0);
    assert.deepEqual([trafficOf(back, 2), trafficOf(back, 3), servingOf(back)], [100, 0, 2]);
    assert.deepEqual(routePartTo(first, 2, 20).weights, first.weights);
  });

  it('forget what is long gone, not the newest numbers', () => {
    let routes = none;
    for (let revision = 1; revision <= 250; revision++) routes = routeAllTo(routes, revision);
    assert.equal(routes.promoted.length, 100);
    assert.equal(routes.promoted.at(-1), 250);
  });
});

describe('the configuration of the proxy', () => {
  it('is valid to HAProxy, also with traffic split over two revisions', function () {
    if (!existsSync('/usr/sbin/haproxy')) this.skip();
    const weights = [
      { revision: 1, percent: 95 },
      { revision: 2, percent: 5 },
    ];
    let routes: Routes = { ...none, weights };
    for (let revision = 1; revision <= 120; revision++)
      routes = routeAllTo(routes, revision, 'a long proof, '.repeat(50));
    const config = proxyConfig({ ...routes, weights }, 'g', [{ revision: 3 }]);
    const folder = mkdtempSync(join(tmpdir(), 'slipway-'));
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(file, config);
    const { status, stderr } = spawnSync('haproxy', ['-c', '-f', file], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    assert.equal(status, 0, stderr);
    // The names of containers are not known here; nothing else may be doubtful.
    const warnings = stderr
      .split('\n')
      .filter((line) => line.includes('[WARNING]') && !line.includes('could not resolve'));
    assert.deepEqual(warnings, []);
  });
});
