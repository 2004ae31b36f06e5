import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually, inferBody, startServer, stopServers } from './support/serverProcess';
import type { TestServer } from './support/serverProcess';

const patience = resolve('test/unit/server/models/patience.onnx');

/** A terminal and systemd send a signal to all processes of a server, not to the first one only. */
describe('signals to a whole server', () => {
  afterEach(stopServers);

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`answers what came in when its workers get ${signal} too, as from a terminal`, async () => {
      const server = await startServer(patience);
      await signalled(server, signal, server.infer(inferBody('n', [1, 1], [1_500_000], 'INT64')));
    });

    it(`answers what came in when a worker of Python gets ${signal} too`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'slipway-signal-'));
      try {
        const file = join(folder, 'slow.py');
        writeFileSync(
          file,
          `import multiprocessing
import time

signature = {"inputs": {"x": ("FP32", ["batch"])}, "outputs": {"y": ("FP32", ["batch"])}}

def work():
    time.sleep(60)

def predict(inputs):
    time.sleep(1)
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.terminate()
    child.join()
    return {"y": inputs["x"]}
`,
        );
        const server = await startServer(file, '--python', '/usr/bin/python3');
        await signalled(server, signal, server.infer(inferBody('x', [1], [1])));
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  /** Sends a signal to all processes of a server while it works on a request, which must still be answered. */
  async function signalled(
    server: TestServer,
    signal: NodeJS.Signals,
    asked: ReturnType<TestServer['infer']>,
  ): Promise<void> {
    await eventually(async () =>
      /^slipway_requests_in_flight 2$/m.test((await server.fetch('/metrics')).text),
    );
    const pid = server.process.pid as number;
    const workers = execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
    const exit = once(server.process, 'exit');
    for (const worker of workers.trim().split('\n')) process.kill(Number(worker), signal);
    process.kill(pid, signal);
    const { status, body } = await asked;
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(await exit, [0, null]);
  }
});
