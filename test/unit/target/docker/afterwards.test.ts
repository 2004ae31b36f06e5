import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { labels } from '../../../../src/core/docker/labels';
import { makeTarget } from '../../../../src/core/release/makeTarget';
import type { Target } from '../../../../src/core/target/target';
import { FakeEngine, Refusal } from '../../../host/fakeEngine';
import { skip } from '../../../host/skip';
import { served } from '../../endpoint/support';
import { extensionOptions, logger, taskOf, warnings } from '../kubernetes/support';

const image = `sha256:${'ab'.repeat(32)}`;
const own = { [labels.target]: 'staging', [labels.model]: 'iris' };

describe('a look at a Docker engine that fails', () => {
  let engine: FakeEngine;
  let server: Server;
  let port: number;
  beforeEach(async function () {
    if (process.platform === 'win32') skip(this, 'there are no sockets in folders on Windows');
    server = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
    engine = await FakeEngine.start({
      '/networks': [{ Name: 'slipway-staging' }],
      [`/images/${image}/json`]: { Config: { Cmd: [] } },
      '/containers/create': (query: URLSearchParams) => ({ Id: idOf(query.get('name') ?? '') }),
      '/containers/release': {},
      '/containers/release/start': {},
      '/containers/release/update': {},
      '/containers/release/json': release(),
      '/containers/proxy/archive': {},
      '/containers/proxy/start': {},
      '/containers/lock': {},
    });
    listed(() => []);
  });
  afterEach(async () => {
    server?.close();
    await engine?.stop();
  });

  const idOf = (name: string) => /(proxy|lock)$/.exec(name)?.[0] ?? 'release';

  function release(): object {
    const started = new Date().toISOString();
    const state = { Status: 'running', Running: true, Restarting: false, OOMKilled: false, ExitCode: 0 };
    return {
      ...{ Id: 'release', Image: image, Created: started, RestartCount: 0 },
      State: { ...state, Error: '', StartedAt: started },
      Config: { Labels: { ...own, [labels.revision]: '1' } },
      NetworkSettings: { Ports: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }] } },
    };
  }

  /** What is there: one release, and these proxies. */
  function listed(proxies: () => unknown): void {
    engine.answers['/containers/json'] = (query: URLSearchParams) => {
      const filters = query.get('filters') ?? '';
      if (filters.includes(`${labels.kind}=proxy`)) return proxies();
      return filters.includes(`${labels.kind}=release`) ? [{ Id: 'release' }] : [];
    };
  }

  const target = (ports: Record<string, number> = {}): Target => {
    const settings = { ...extensionOptions, host: engine.host, proxyImage: 'proxy', trusted: true };
    return makeTarget('staging', { kind: 'docker', ports }, settings, logger);
  };

  /** From the moment on at which the engine is asked this. */
  const failsAfter = (request: string) =>
    listed(() => (engine.asked.includes(request) ? new Refusal(500, 'out of order') : []));

  async function candidate() {
    const [found] = await target().list(taskOf().signal);
    return found ?? assert.fail('there is none');
  }

  it('leaves out a proxy that is removed in between', async () => {
    listed(() => [{ Id: 'gone' }, { Id: 'proxy' }]);
    delete engine.answers['/containers/proxy/archive'];
    engine.answers['/containers/proxy/json'] = {
      Config: { Labels: own },
      State: { Running: true },
      HostConfig: { PortBindings: { '8080/tcp': [{ HostPort: '8600' }] } },
    };
    assert.equal((await candidate()).stableUrl, 'http://127.0.0.1:8600');
  });

  it('takes back a candidate that nobody would know of', async () => {
    failsAfter('POST /containers/release/start');
    const started = target().apply({ model: await served('iris'), note: '' }, image, taskOf());
    await assert.rejects(started, { code: 'engine-refused', message: /: out of order\.$/ });
    assert.ok(engine.asked.includes('DELETE /containers/release'), engine.asked.join('\n'));
  });

  it('fails no promotion after the traffic has moved', async () => {
    failsAfter('POST /containers/proxy/start');
    const before = await candidate();
    assert.deepEqual([before.state, before.traffic], ['candidate', 0]);
    const proof = '1 of 1 samples pass\npassed 2 ms setosa';
    assert.deepEqual(await target({ iris: port }).promote(before, taskOf(), proof), {
      ...before,
      ...{ state: 'serving', traffic: 100, stableUrl: `http://127.0.0.1:${port}` },
      proof: '1 of 1 samples pass',
      proofSamples: [{ name: 'setosa', result: 'passed', milliseconds: 2 }],
    });
    assert.match(warnings.at(-1) ?? '', /^staging: revision 1 of iris serves, but .*out of order/);
  });

  it('still fails a promotion whose release was removed meanwhile', async () => {
    const before = await candidate();
    engine.answers['/containers/proxy/start'] = () => {
      delete engine.answers['/containers/release/json'];
      return {};
    };
    await assert.rejects(target({ iris: port }).promote(before, taskOf()), { code: 'release-missing' });
  });
});
