import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  eventually,
  hostile,
  inferBody,
  iris,
  launch,
  startServer,
  startServerOn,
  stopServers,
} from './support/serverProcess';

const patience = resolve('test/unit/server/models/patience.onnx');
const hungry = resolve('test/unit/server/models/hungry.onnx');
const flower = inferBody('measurements', [1, 4], [5.1, 3.5, 1.4, 0.2]);
const x = inferBody('x', [1], [1]);
const count = (n: number) => inferBody('n', [1, 1], [n], 'INT64');

/** Process ids of the workers of this server. */
function workersOf(pid: number | undefined): number[] {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(Number);
  } catch {
    return [];
  }
}

const residentMib = (pid: number | undefined) =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;

const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('server lifecycle', () => {
  afterEach(stopServers);

  it('stops a run that takes too long, says so, and serves on', async () => {
    const server = await startServer(hostile('endless-loop'), '--run-timeout-seconds', '1');
    const endless = server.infer(x);
    await sleep(300);
    const asked = Date.now();
    assert.equal((await server.fetch('/livez')).status, 200);
    assert.ok(Date.now() - asked < 500, 'the front answers during the run');
    const { status, body } = await endless;
    assert.equal(status, 504);
    assert.equal(body['error'], 'The prediction took longer than 1 s and was stopped.');
    await eventually(async () => (await server.fetch('/readyz')).status === 200);
    assert.match((await server.fetch('/metrics')).text, /^slipway_worker_restarts_total 1$/m);
    assert.equal(await server.stop(), 0);
  });

  it('answers 503 with the reason when the model aborts its process, and starts another one', async () => {
    const server = await startServer(hostile('aborting'));
    const { status, body } = await server.infer(x);
    assert.equal(status, 503);
    assert.match(body['error'] as string, /worker process was ended by SIG/);
    await eventually(async () => (await server.fetch('/readyz')).status === 200);
  });

  it('is not ready while its worker is down, and is again when one can be started', async () => {
    const server = await startServer(iris);
    const [worker] = workersOf(server.process.pid);
    process.kill(worker as number, 'SIGKILL');
    await eventually(async () => (await server.fetch('/readyz')).status === 503);
    await eventually(async () => (await server.fetch('/readyz')).status === 200);
    assert.equal((await server.infer(flower)).status, 200);
  });

  it('stops a model that breaks its memory limit', async () => {
    const server = await startServer(hungry, '--worker-memory-mib', '400');
    const { status, body } = await server.infer(inferBody('count', [1], [5e8], 'INT64'));
    assert.equal(status, 507);
    assert.match(body['error'] as string, /limit of 400 MiB|more memory than there is/);
    await eventually(async () => (await server.infer(inferBody('count', [1], [3], 'INT64'))).status === 200);
  });

  it('refuses an output of 4 GiB once, and keeps none of it', async () => {
    const server = await startServer(hostile('huge-output'), '--worker-memory-mib', '600');
    await eventually(async () => (await server.fetch('/readyz')).status === 200);
    const before = residentMib(server.process.pid);
    const [first] = workersOf(server.process.pid);
    const { status, body } = await server.infer(x);
    assert.equal(status, 507);
    assert.equal(body['error'], 'The model needed more memory than its limit of 600 MiB and was stopped.');
    assert.equal((await server.fetch('/livez')).status, 200);
    await eventually(async () => (await server.fetch('/readyz')).status === 200);
    const workers = workersOf(server.process.pid);
    assert.equal(workers.length, 1);
    assert.notEqual(workers[0], first);
    const grown = residentMib(server.process.pid) - before;
    assert.ok(grown < 48, `the front has grown by ${grown} MiB`);
    assert.ok(residentMib(workers[0]) < 300, 'the new worker holds nothing of it');
    const { text } = await server.fetch('/metrics');
    assert.match(text, /^slipway_requests_total\{route="infer",status="507"\} 1$/m);
    assert.match(text, /^slipway_worker_restarts_total 1$/m);
  });

  it('says when there is not that much memory at all', async () => {
    const server = await startServer(hungry);
    const { status, body } = await server.infer(inferBody('count', [1], [1e13], 'INT64'));
    assert.equal(status, 507);
    assert.match(body['error'] as string, /Failed to allocate/);
    assert.doesNotMatch(body['error'] as string, /\.cc:\d/);
  });

  it('refuses outputs that are too long to be written', async () => {
    const server = await startServer(patience, '--max-body-mib', '0.01');
    const rows = Array.from({ length: 1400 }, () => 1);
    assert.equal((await server.infer(inferBody('n', [1400, 1], rows, 'INT64'))).status, 507);
  });

  for (const [name, code, words] of [
    ['int4-output', 'model-unsupported', /"y" is of type int4/],
    ['sequence-output', 'model-unsupported', /sequence\(float32\)/],
    ['truncated', 'model-broken', /truncated\.onnx/],
    ['random', 'model-broken', /random\.onnx/],
    ['external-outside', 'model-broken', /escapes model directory/],
    ['missing', 'model-missing', /missing\.onnx/],
  ] as const) {
    it(`says why it does not start: ${name}`, async () => {
      const { process: child, line } = await launch(hostile(name));
      const printed = JSON.parse(line) as { error: string; code: string };
      assert.equal(printed.code, code);
      assert.match(printed.error, words);
      if (child.exitCode === null) await once(child, 'exit');
      assert.equal(child.exitCode, 1);
    });
  }

  it('says when its port is taken', async () => {
    const first = await startServer(iris);
    const { line } = await launch(iris, '--port', new URL(first.url).port);
    assert.equal((JSON.parse(line) as { code: string }).code, 'port-taken');
  });

  it('finishes what came in before it exits on SIGTERM', async () => {
    const server = await startServer(patience);
    await server.infer(count(1));
    const slow = server.infer(count(1_500_000));
    await sleep(200);
    const exit = server.stop();
    assert.equal((await slow).status, 200);
    assert.equal(await exit, 0);
    await assert.rejects(fetch(`${server.url}/livez`));
  });

  it('answers requests on open connections while it stops', async () => {
    const server = await startServer(iris);
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(socket, 'connect');
    const exit = server.stop();
    await sleep(30);
    socket.write('GET /v2 HTTP/1.1\r\nHost: x\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 200 OK[\s\S]*Connection: close/);
    assert.equal(await exit, 0);
  });

  it('keeps a record while it runs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-record-'));
    try {
      const file = join(folder, 'deep', 'iris.json');
      const server = await startServer(iris, '--record', file, '--hash', 'abc');
      const record = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
      assert.ok(Date.now() - Date.parse(record['created'] as string) < 10_000);
      assert.deepEqual(record, {
        created: record['created'],
        url: server.url,
        pid: server.process.pid,
        model: 'iris',
        path: iris,
        hash: 'abc',
      });
      await server.stop();
      assert.equal(existsSync(file), false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('keeps nothing in the folders of its user', async () => {
    const home = mkdtempSync(join(tmpdir(), 'slipway-home-'));
    try {
      const environment = {
        HOME: home,
        USERPROFILE: home,
        XDG_CACHE_HOME: join(home, 'cache'),
        ORT_DISABLE_TELEMETRY: '',
      };
      const server = await startServerOn({ environment }, iris);
      assert.equal((await server.infer(flower)).status, 200);
      await server.stop();
      assert.deepEqual(readdirSync(home), []);
    } finally {
      rmSync(home, { recursive: true });
    }
  });

  it('listens where the platform says, but for an explicit 0', async () => {
    const { url } = await startServer(iris);
    await stopServers();
    const { port } = new URL(url);
    const environment = { PORT: port };
    assert.equal((await startServerOn({ environment }, iris, '--port', '8080')).url, url);
    assert.notEqual((await startServerOn({ environment }, iris, '--port', '0')).url, url);
  });

  it('exits with its parent, and its worker with it', async () => {
    const server = await startServer(iris, '--exit-with-parent');
    const workers = workersOf(server.process.pid);
    assert.equal(workers.length, 1);
    // Nobody reads any more what it writes.
    server.process.stdout?.destroy();
    server.process.stderr?.destroy();
    server.process.stdin?.end();
    const [code] = (await once(server.process, 'exit')) as [number];
    assert.equal(code, 0);
    await eventually(() => !workers.some(alive));
  });

  it('leaves no worker behind when it is killed, not even one in an endless run', async () => {
    const server = await startServer(hostile('endless-loop'));
    const [worker] = workersOf(server.process.pid);
    server.infer(x).catch(() => undefined);
    await sleep(300);
    server.process.kill('SIGKILL');
    await eventually(() => !alive(worker as number));
  });
});
