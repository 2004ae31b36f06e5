import assert from 'node:assert/strict';
import type Docker from 'dockerode';
import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import type { Proxy } from '../../../../src/core/target/docker/proxy';
import { switchRoutes } from '../../../../src/core/target/docker/switchRoutes';

describe('a switch of routes', () => {
  const routes = (revision: number) => ({
    ...{ target: 'staging', model: 'iris', promoted: [revision] },
    weights: [{ revision, percent: 100 }],
  });
  const proxy: Proxy = {
    ...{ id: 'proxy', target: 'staging', model: 'iris', running: true, port: 1, routes: routes(1) },
  };
  const signal = new AbortController().signal;
  let files: string[];
  beforeEach(() => (files = []));

  /** An engine whose disk has room for so many files. */
  function engine(room: number): Docker {
    const putArchive = async (archive: Buffer) => {
      for await (const entry of Readable.from([archive]).pipe(extract())) {
        if (entry.header.type === 'file') files.push(entry.header.name);
        entry.resume();
      }
      if (files.length > room) throw Object.assign(new Error('no space left on device'), { statusCode: 500 });
    };
    const inspect = () => Promise.reject(Object.assign(new Error('cut'), { statusCode: 500 }));
    return { getContainer: () => ({ putArchive, inspect }) } as unknown as Docker;
  }

  const loopback = { bind: '127.0.0.1', host: '127.0.0.1' };
  const held = () => Promise.resolve();

  it('leaves the file of the routes alone where there is no room for another', async () => {
    await assert.rejects(switchRoutes(engine(0), proxy, routes(2), loopback, held, signal), /no space left/);
    assert.deepEqual(new Set(files), new Set(['slipway/haproxy.cfg.next']));
  });

  it('puts nothing back once somebody else has the lock', async () => {
    let asked = 0;
    const lost = () => (++asked > 1 ? Promise.reject(new Error('it was lost')) : Promise.resolve());
    await assert.rejects(switchRoutes(engine(9), proxy, routes(2), loopback, lost, signal), /it was lost/);
    assert.deepEqual(files, ['slipway/haproxy.cfg.next', 'slipway/haproxy.cfg']);
  });

  it('puts the routes before back while it has the lock', async () => {
    await assert.rejects(switchRoutes(engine(9), proxy, routes(2), loopback, held, signal), /cut/);
    assert.equal(files.filter((name) => name === 'slipway/haproxy.cfg').length, 2);
  });
});
