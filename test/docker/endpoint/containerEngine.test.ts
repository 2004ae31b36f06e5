import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Endpoint } from '../../../src/core/endpoint/endpoint';
import { EndpointStore } from '../../../src/core/endpoint/endpointStore';
import { InferenceClient } from '../../../src/core/inference/client';
import type { Tensor } from '../../../src/core/inference/tensor';
import { ensureBaseImages } from '../../host/baseImages';
import { workspaceModel } from '../../unit/fixtures';
import {
  cleanUp,
  containerIdOf,
  containersOf,
  docker,
  engineWith,
  quiet,
  served,
  taskOf,
  until,
} from './support';

const rows: Tensor[] = [
  { name: 'measurements', datatype: 'FP32', shape: [1, 4], data: Float32Array.of(5.1, 3.5, 1.4, 0.2) },
];

async function label(endpoint: Endpoint): Promise<unknown> {
  const client = new InferenceClient(endpoint.url ?? '', endpoint.model.name);
  const { outputs } = await client.infer(rows);
  return outputs.find(({ name }) => name === 'label')?.data[0];
}

describe('a model served in a container', function () {
  this.timeout(120_000);
  const name = 'test-life';
  const engine = engineWith();
  const find = async (id: string) => (await engine.list(taskOf().signal)).find((each) => each.id === id);
  let endpoint: Endpoint;

  before(async () => {
    await ensureBaseImages(docker);
    endpoint = await engine.serve(await served(name), taskOf());
  });
  after(() => cleanUp(name));

  it('predicts when serving resolves', async () => {
    assert.equal(endpoint.health, 'ready');
    assert.match(endpoint.url ?? '', /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.equal(await label(endpoint), 0n);
  });

  it('is found by another window, from its labels', async () => {
    const [found] = (await engineWith().list(taskOf().signal)).filter(({ id }) => id === endpoint.id);
    assert.deepEqual(found, endpoint);
    assert.deepEqual(found?.model, await served(name));
  });

  it('can do nothing but serve', async () => {
    const { HostConfig, Config, Name } = await docker.getContainer(containerIdOf(endpoint)).inspect();
    assert.match(Name, /^\/slipway-test-life-[0-9a-f]{6}$/);
    assert.equal(Config.User, '65534:65534');
    assert.equal(HostConfig.Memory, 512 * 1024 * 1024);
    assert.equal(HostConfig.MemorySwap, HostConfig.Memory);
    assert.ok((HostConfig.PidsLimit ?? 0) > 0);
    const inside = await runInside(
      endpoint,
      `const fs = require('node:fs');
       const attempt = (work) => { try { work(); return 'done'; } catch (error) { return error.code; } };
       const status = fs.readFileSync('/proc/self/status', 'utf8');
       console.log(JSON.stringify({
         uid: process.getuid(), gid: process.getgid(),
         root: attempt(() => fs.writeFileSync('/slipway/model/x', '')),
         tmp: attempt(() => fs.writeFileSync('/tmp/x', '')),
         shadow: attempt(() => fs.writeFileSync('/etc/passwd', '')),
         capabilities: /CapEff:\\s*(\\S+)/.exec(status)[1], bounding: /CapBnd:\\s*(\\S+)/.exec(status)[1],
         noNewPrivileges: /NoNewPrivs:\\s*(\\d)/.exec(status)[1],
       }));`,
    );
    assert.deepEqual(inside, {
      uid: 65534,
      gid: 65534,
      root: 'EROFS',
      tmp: 'done',
      shadow: 'EROFS',
      capabilities: '0000000000000000',
      bounding: '0000000000000000',
      noNewPrivileges: '1',
    });
  });

  it('is published on loopback only', async () => {
    const { NetworkSettings } = await docker.getContainer(containerIdOf(endpoint)).inspect();
    const bindings = Object.values(NetworkSettings.Ports).flatMap((each) => each ?? []);
    assert.deepEqual(
      bindings.map(({ HostIp }) => HostIp),
      ['127.0.0.1'],
    );
  });

  it('tells its log, and goes on telling until it is stopped', async () => {
    const stop = new AbortController();
    let log = '';
    for await (const piece of engine.logs(endpoint, stop.signal)) {
      log += piece;
      if (log.includes('Serving')) stop.abort();
    }
    assert.match(log, /Serving test-life/);
    assert.ok(!log.includes('\0'), 'without the frames of the engine');
  });

  it('stops, keeps its place, starts again and predicts', async () => {
    await engine.stop(endpoint, taskOf());
    const stopped = await find(endpoint.id);
    assert.equal(stopped?.health, 'stopped');
    assert.equal(stopped?.url, undefined);
    assert.equal(stopped?.detail, undefined, 'somebody wanted it');
    await engine.stop(endpoint, taskOf());

    await engine.restart(endpoint, taskOf());
    const again = await find(endpoint.id);
    assert.ok(again);
    assert.equal(again.health, 'ready');
    assert.equal(await label(again), 0n);
  });

  it('is not well when its server hangs', async () => {
    const container = docker.getContainer(containerIdOf(endpoint));
    await container.pause();
    try {
      assert.equal((await find(endpoint.id))?.health, 'unhealthy');
    } finally {
      await container.unpause();
    }
    assert.equal((await find(endpoint.id))?.health, 'ready');
  });

  it('shows as stopped, without anybody asking, when it is killed from outside', async () => {
    const store = new EndpointStore([engine], quiet);
    const healthInStore = () => store.list().find(({ id }) => id === endpoint.id)?.health;
    const watching = store.watch();
    try {
      await until(() => healthInStore() === 'ready');
      let events = 0;
      store.onChange(() => events++);
      const killed = Date.now();
      await docker.getContainer(containerIdOf(endpoint)).kill();
      await until(() => healthInStore() === 'stopped');
      assert.ok(Date.now() - killed < 3000, 'by an event, not by the next poll');
      assert.ok(events > 0);
    } finally {
      watching.dispose();
    }
  });

  it('is gone with its image when it is removed', async () => {
    const { Image } = await docker.getContainer(containerIdOf(endpoint)).inspect();
    await engine.remove(endpoint, taskOf());
    assert.equal(await find(endpoint.id), undefined);
    await assert.rejects(docker.getImage(Image).inspect(), { statusCode: 404 });
    await engine.remove(endpoint, taskOf());
  });
});

describe('serving in a container that does not come to it', function () {
  this.timeout(120_000);
  const name = 'test-failing';
  before(() => ensureBaseImages(docker));
  afterEach(() => cleanUp(name));

  it('leaves nothing when it is cancelled while the server starts', async () => {
    const task = taskOf(/^Starting/);
    await assert.rejects(engineWith().serve(await served(name), task), { name: 'AbortError' });
    assert.deepEqual(await containersOf(name), []);
  });

  it('leaves nothing when it is cancelled just after the container was started', async () => {
    const task = taskOf();
    const serving = engineWith().serve(await served(name), task);
    await Promise.all([
      assert.rejects(serving, { name: 'AbortError' }),
      until(async () => (await containersOf(name)).some(({ State }) => State === 'running')).then(
        task.cancel,
      ),
    ]);
    assert.deepEqual(await containersOf(name), []);
  });

  it('says what the server said about a broken model', async () => {
    const broken = resolve('test/fixtures/hostile/int4-output.onnx');
    await assert.rejects(engineWith().serve(await served(name, broken), taskOf()), (error: Error) => {
      assert.match((error as { code?: string }).code ?? '', /^model-/);
      return true;
    });
    assert.deepEqual(await containersOf(name), []);
  });

  it('says how to get a base image that can not be pulled', async () => {
    const engine = engineWith({ nodeBase: '127.0.0.1:9/no/such:image' });
    await assert.rejects(engine.serve(await served(name), taskOf()), {
      code: 'pull-refused',
      message: /127\.0\.0\.1:9\/no\/such:image/,
      next: /slipway\.image\.nodeBase/,
    });
  });

  it('shows the last words of a server that dies at its start', async () => {
    const engine = engineWith({ memoryMiB: 24 });
    await assert.rejects(engine.serve(await served(name), taskOf()), (error: Error) => {
      assert.equal((error as { code?: string }).code, 'endpoint-not-ready');
      assert.match(error.message, /exit code \d+|ended by/);
      return true;
    });
    assert.deepEqual(await containersOf(name), []);
  });

  it('says that the model is gone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-'));
    const path = join(folder, 'gone.onnx');
    await copyFile(workspaceModel('iris'), path);
    const model = await served(name, path);
    await rm(folder, { recursive: true });
    await assert.rejects(engineWith().serve(model, taskOf()), { code: 'model-missing' });
  });
});

describe('a Docker engine that is not there', () => {
  it('is named with its address', async () => {
    const host = 'unix:///tmp/no-such-docker.sock';
    const unreachable = {
      code: 'engine-unreachable',
      message: /\/tmp\/no-such-docker\.sock/,
      next: /Start Docker/,
    };
    await assert.rejects(engineWith({ host }).check(taskOf().signal), unreachable);
    await assert.rejects(engineWith({ host }).list(taskOf().signal), unreachable);
    await assert.rejects(engineWith({ host: 'tcp://127.0.0.1:9' }).check(taskOf().signal), {
      code: 'engine-unreachable',
      message: /127\.0\.0\.1:9/,
    });
  });

  it('is refused on another machine, where nothing of loopback can be reached', async () => {
    const unreachable = engineWith({ host: 'tcp://docker.invalid:2375' }).check(taskOf().signal);
    await assert.rejects(unreachable, { code: 'engine-unreachable', message: /docker\.invalid/ });
  });

  it('does not hold up whoever asks when it is silent', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
    const host = `tcp://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    try {
      const task = taskOf();
      const check = engineWith({ host }).check(task.signal);
      setTimeout(task.cancel, 100);
      await assert.rejects(check, { name: 'AbortError' });
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });
});

/** What a script prints as JSON inside of an endpoint's container. */
async function runInside(endpoint: Endpoint, script: string): Promise<unknown> {
  const exec = await docker.getContainer(containerIdOf(endpoint)).exec({
    Cmd: ['node', '-e', script],
    AttachStdout: true,
    AttachStderr: true,
    Tty: true,
  });
  const output = await text(await exec.start({ Tty: true }));
  return JSON.parse(output.trim());
}
