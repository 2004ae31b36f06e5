import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import type { Endpoint } from '../../../src/core/endpoint/endpoint';
import { ProcessEngine, type ProcessEngineOptions } from '../../../src/core/endpoint/processEngine';
import { ProcessFiles } from '../../../src/core/endpoint/processFiles';
import { isAlive } from '../../../src/core/processes';
import { InferenceClient } from '../../../src/core/inference/client';
import { hostileModel } from '../fixtures';
import { dist, irisRow, processesWith, quiet, served, taskOf, temporaryFolder, until } from './support';

function engineIn(folder: string, options: Partial<ProcessEngineOptions> = {}): ProcessEngine {
  return new ProcessEngine({ dist, folder, nodePath: '', log: quiet, ...options });
}

async function label(endpoint: Endpoint): Promise<unknown> {
  const client = new InferenceClient(endpoint.url ?? '', endpoint.model.name);
  const { outputs } = await client.infer(irisRow);
  return outputs.find(({ name }) => name === 'label')?.data[0];
}

function pidOf(folder: string, endpoint: Endpoint): number {
  return new ProcessFiles(folder).readRecord(endpoint.id.replace('process:', ''))?.pid ?? NaN;
}

describe('a model served as a process', () => {
  const folder = temporaryFolder();
  const engine = engineIn(folder);
  const list = (from = engine) => from.list(taskOf().signal);
  let endpoint: Endpoint;

  before(async () => {
    endpoint = await engine.serve(await served('iris'), taskOf());
  });
  after(async () => {
    for (const each of await list()) await engine.remove(each, taskOf());
  });

  it('predicts when serving resolves', async () => {
    assert.equal(endpoint.health, 'ready');
    assert.equal(await label(endpoint), 0n);
  });

  it('is found by another window', async () => {
    assert.deepEqual(await list(engineIn(folder)), [endpoint]);
  });

  it('is told of to another window that watches', async () => {
    let changes = 0;
    const watching = engineIn(folder).onChange(() => changes++);
    const other = await engine.serve(await served('other'), taskOf());
    await until(() => changes > 0);
    watching.dispose();
    await engine.remove(other, taskOf());
  });

  it('tells its log until it is stopped', async () => {
    let log = '';
    const reading = (async () => {
      for await (const piece of engine.logs(endpoint, taskOf().signal)) log += piece;
    })();
    await until(() => log.includes('Serving iris'));
    await engine.stop(endpoint, taskOf());
    await reading;
    assert.match(log, /Stopping/);
  });

  it('is kept when it is stopped, and can be started again', async () => {
    const [stopped] = await list();
    assert.equal(stopped?.id, endpoint.id);
    assert.equal(stopped?.health, 'stopped');
    assert.equal(stopped?.url, undefined);
    assert.equal(stopped?.detail, undefined, 'somebody wanted it');
    await engine.stop(endpoint, taskOf());
    await engine.restart(endpoint, taskOf());
    const [again] = await list();
    assert.ok(again);
    assert.equal(again.health, 'ready');
    assert.equal(await label(again), 0n);
  });

  it('goes on when it shall be started again and its model is gone', async () => {
    const path = join(temporaryFolder(), 'iris.onnx');
    copyFileSync(endpoint.model.path, path);
    const other = await engine.serve(await served('other', path), taskOf());
    rmSync(path);
    await assert.rejects(engine.restart(other, taskOf()), { code: 'model-missing' });
    assert.equal((await list()).find(({ id }) => id === other.id)?.health, 'ready');
    await engine.remove(other, taskOf());
  });

  it('is known to have ended when it was killed from outside', async () => {
    process.kill(pidOf(folder, endpoint), 'SIGKILL');
    await until(async () => (await list())[0]?.health === 'stopped');
    assert.match((await list(engineIn(folder)))[0]?.detail ?? '', /ended by itself, or was killed/);
    await engine.restart(endpoint, taskOf());
    assert.equal((await list())[0]?.health, 'ready');
  });

  it('is not well while it does not answer', async () => {
    const pid = pidOf(folder, endpoint);
    process.kill(pid, 'SIGSTOP');
    try {
      const [frozen] = await list();
      assert.equal(frozen?.health, 'unhealthy');
      assert.match(frozen?.detail ?? '', /does not answer/);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    assert.equal((await list())[0]?.health, 'ready');
  });

  it('ends for good, with its worker and its files, when it is removed', async () => {
    const pid = pidOf(folder, endpoint);
    await engine.remove(endpoint, taskOf());
    assert.ok(!isAlive(pid));
    assert.deepEqual(readdirSync(folder), []);
  });
});

describe('records that are not true any more', () => {
  const record = (folder: string, url: string, pid: number) => {
    const files = new ProcessFiles(folder);
    writeFileSync(files.record('old-1'), JSON.stringify({ url, pid, model: 'iris', path: '/x.onnx' }));
    return files.writeState('old-1', {
      model: { name: 'iris', path: '/x.onnx', hash: '' },
      created: new Date(0).toISOString(),
      pid,
      started: new Date(0).toISOString(),
    });
  };

  it('are forgotten, and a process that has the id now is left alone', async () => {
    const folder = temporaryFolder();
    // This very process is alive, but no server; port 9 answers nobody.
    await record(folder, 'http://127.0.0.1:9', process.pid);
    const engine = engineIn(folder);
    const [found] = await engine.list(taskOf().signal);
    assert.equal(found?.health, 'stopped');
    assert.ok(!existsSync(new ProcessFiles(folder).record('old-1')));
    assert.ok(found);
    await engine.remove(found, taskOf());
    assert.deepEqual(await engine.list(taskOf().signal), []);
  });

  it('are forgotten when another server answers at their address', async () => {
    const stranger = createServer((_, response) => response.writeHead(404).end());
    await new Promise<void>((listening) => stranger.listen(0, '127.0.0.1', listening));
    try {
      const folder = temporaryFolder();
      await record(folder, `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`, process.pid);
      const [found] = await engineIn(folder).list(taskOf().signal);
      assert.ok(found);
      assert.equal(found.health, 'stopped');
      await engineIn(folder).stop(found, taskOf());
    } finally {
      stranger.close();
    }
  });

  it('and files that hold nonsense are no endpoints', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'x.endpoint.json'), '{"model":');
    writeFileSync(join(folder, 'y.endpoint.json'), '[]');
    assert.deepEqual(await engineIn(folder).list(taskOf().signal), []);
    assert.deepEqual(await engineIn(join(folder, 'none')).list(taskOf().signal), []);
  });
});

describe('the memory of a model served as a process', () => {
  it('has a limit', async () => {
    const folder = temporaryFolder();
    const engine = engineIn(folder, { memoryMiB: 400 });
    const hungry = await served('hungry', resolve('test/unit/server/models/hungry.onnx'));
    const endpoint = await engine.serve(hungry, taskOf());
    try {
      const client = new InferenceClient(endpoint.url ?? '', 'hungry');
      const fill = (count: bigint) =>
        client.infer([{ name: 'count', datatype: 'INT64', shape: [1], data: BigInt64Array.of(count) }]);
      await assert.rejects(fill(500_000_000n), /limit of 400 MiB/);
      await until(async () => (await engine.list(taskOf().signal))[0]?.health === 'ready');
      assert.equal((await fill(3n)).outputs[0]?.data[0], 3);
    } finally {
      await engine.remove(endpoint, taskOf());
    }
  });

  it('is more than the limit: then the setting is named', async () => {
    const serving = engineIn(temporaryFolder(), { memoryMiB: 16 }).serve(await served('iris'), taskOf());
    await assert.rejects(serving, {
      code: 'endpoint-not-ready',
      message: /iris\.onnx can not be loaded: .*limit of 16 MiB/,
      next: /slipway\.serve\.memoryMiB/,
    });
  });
});

describe('serving as a process that does not come to it', () => {
  it('leaves nothing when it is cancelled', async () => {
    const folder = temporaryFolder();
    const task = taskOf();
    const serving = engineIn(folder).serve(await served('iris'), task);
    await Promise.all([
      assert.rejects(serving, { name: 'AbortError' }),
      until(() => readdirSync(folder).some((name) => name.endsWith('.endpoint.json'))).then(task.cancel),
    ]);
    assert.deepEqual(readdirSync(folder), []);
    assert.deepEqual(processesWith(folder), []);
  });

  it('shows as starting meanwhile, also to another window', async () => {
    const folder = temporaryFolder();
    const engine = engineIn(folder);
    const seen = new Set<string>();
    const serving = engine.serve(await served('iris'), taskOf());
    await until(async () => {
      for (const { health } of await engineIn(folder).list(taskOf().signal)) seen.add(health);
      return seen.has('ready');
    });
    assert.ok(seen.has('starting'), [...seen].join());
    await engine.remove(await serving, taskOf());
  });

  it('says what is wrong with the model', async () => {
    const folder = temporaryFolder();
    const model = { name: 'bad', path: hostileModel('truncated'), hash: '' };
    await assert.rejects(engineIn(folder).serve(model, taskOf()), {
      code: 'model-broken',
      message: /truncated\.onnx/,
    });
    assert.deepEqual(readdirSync(folder), []);
  });

  it('names a Node that is none', async () => {
    const nodePath = '/no/such/node';
    const serving = engineIn(temporaryFolder(), { nodePath }).serve(await served('iris'), taskOf());
    await assert.rejects(serving, {
      code: 'node-unusable',
      message: /\/no\/such\/node/,
      next: /slipway\.server\.nodePath/,
    });
  });

  it('shows the last words of a Node that can not run the server', async () => {
    const nodePath = '/bin/false';
    const serving = engineIn(temporaryFolder(), { nodePath }).serve(await served('iris'), taskOf());
    await assert.rejects(serving, { code: 'node-unusable', message: /exit code 1/ });
  });
});
