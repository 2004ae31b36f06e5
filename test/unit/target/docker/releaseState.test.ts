import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { labels } from '../../../../src/core/docker/labels';
import { makeTarget } from '../../../../src/core/release/makeTarget';
import type { Release } from '../../../../src/core/target/target';
import { FakeEngine } from '../../../host/fakeEngine';
import { skip } from '../../../host/skip';
import { extensionOptions, logger, taskOf } from '../kubernetes/support';

const MINUTE = 60_000;

describe('a release on a Docker engine', () => {
  let engine: FakeEngine;
  let server: Server;
  before(async function () {
    if (process.platform === 'win32') skip(this, 'there are no sockets in folders on Windows');
    server = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    engine = await FakeEngine.start();
  });
  after(async () => {
    server?.close();
    await engine?.stop();
  });

  /** What is told of a release whose container is as the engine says it. */
  async function told(state: object, restarts = 0, startedAgo = 0): Promise<Release> {
    const port = String((server.address() as AddressInfo).port);
    const own = { [labels.target]: 'staging', [labels.model]: 'iris', [labels.revision]: '1' };
    const usual = { Status: 'running', Running: true, Restarting: false, OOMKilled: false, ExitCode: 0 };
    const started = new Date(Date.now() - startedAgo).toISOString();
    const container = {
      Id: 'ab12',
      Image: 'sha256:1',
      Created: started,
      RestartCount: restarts,
      State: { ...usual, Error: '', StartedAt: started, ...state },
      Config: { Labels: own },
      NetworkSettings: { Ports: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: port }] } },
    };
    engine.answers['/containers/json'] = (query: URLSearchParams) =>
      query.get('filters')?.includes(`${labels.kind}=release`) ? [{ Id: container.Id }] : [];
    engine.answers['/containers/ab12/json'] = container;
    const settings = { ...extensionOptions, host: engine.host, proxyImage: '', trusted: true };
    const target = makeTarget('staging', { kind: 'docker' }, settings, logger);
    const [release] = await target.list(taskOf().signal);
    return release ?? assert.fail('there is none');
  }

  const stateOf = async (...container: Parameters<typeof told>) => {
    const { state, health, detail } = await told(...container);
    return [state, health, detail];
  };

  it('that runs is ready, also where it was started again once, or long ago', async () => {
    assert.deepEqual(await stateOf({}), ['candidate', 'ready', undefined]);
    assert.deepEqual(await stateOf({}, 1), ['candidate', 'ready', undefined]);
    assert.deepEqual(await stateOf({}, 5, 11 * MINUTE), ['candidate', 'ready', undefined]);
  });

  it('whose server ends again and again is degraded, whether it runs just now or not', async () => {
    assert.deepEqual(await stateOf({}, 5, MINUTE), [
      'candidate',
      'degraded',
      'Its server ends again and again. The engine has started it again 5 times.',
    ]);
    const first = { Status: 'restarting', Restarting: true, ExitCode: 1 };
    assert.equal((await told(first, 1)).detail, 'Its server ended: exit code 1. The engine starts it again.');
    const between = { Status: 'restarting', Restarting: true, ExitCode: 1, OOMKilled: true };
    assert.deepEqual(await stateOf(between, 7), [
      'candidate',
      'degraded',
      'Its server ends again and again: exit code 1, out of memory. The engine has started it again 7 times.',
    ]);
  });

  it('that the engine takes away is being deleted', async () => {
    const going = { Status: 'removing', Running: false, ExitCode: 137 };
    assert.deepEqual((await stateOf(going)).slice(1), ['deleting', undefined]);
  });

  it('that ended by itself before it had traffic has failed, and not where somebody ended it', async () => {
    const ended = { Status: 'exited', Running: false };
    assert.deepEqual(await stateOf({ ...ended, ExitCode: 1 }), [
      'failed',
      'stopped',
      'Its server ended: exit code 1.',
    ]);
    const tooLarge = { ...ended, ExitCode: 137, OOMKilled: true };
    assert.deepEqual((await stateOf(tooLarge)).slice(0, 2), ['failed', 'stopped']);
    for (const ExitCode of [0, 137, 143]) {
      assert.deepEqual((await stateOf({ ...ended, ExitCode })).slice(0, 2), ['candidate', 'stopped']);
    }
  });
});
