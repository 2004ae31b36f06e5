import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterConnection } from '../../../../src/core/target/kubernetes/clusterConnection';
import { readKubeconfig } from '../../../../src/core/target/kubernetes/kubeconfig';

describe("a connection to a cluster's API", () => {
  let server: Server;
  let folder: string;
  let connection: ClusterConnection;
  /** How many requests came, also those that were not answered. */
  let asked: number;

  beforeEach(async () => {
    asked = 0;
    const used = new Set<Socket>();
    // As one that gives up a kept connection at the moment in which the next request comes.
    server = createServer((request, response) => {
      asked++;
      if (used.has(request.socket)) request.socket.destroy();
      else response.end('{"kind":"Status"}');
      used.add(request.socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    folder = await mkdtemp(join(tmpdir(), 'slipway-connection-'));
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'ada' } }],
      clusters: [
        { name: 'test', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
      ],
      users: [{ name: 'ada', user: { token: 'test-token' } }],
    };
    const kubeconfig = join(folder, 'config');
    await writeFile(kubeconfig, JSON.stringify(config));
    connection = new ClusterConnection(readKubeconfig({ kubeconfig }, true));
  });
  afterEach(async () => {
    connection.dispose();
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });

  const send = (method: 'GET' | 'POST') =>
    connection.send(method, '/version', { signal: new AbortController().signal });

  it('that was kept and is closed when it is used again costs no answer', async () => {
    await send('GET');
    assert.deepEqual(await send('GET'), { kind: 'Status' });
    assert.equal(asked, 3);
  });

  it('that is closed while something is written is not tried again', async () => {
    await send('GET');
    await assert.rejects(send('POST'), { code: 'ECONNRESET' });
    assert.equal(asked, 2);
  });
});
