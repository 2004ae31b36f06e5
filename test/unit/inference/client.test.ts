import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { UserError } from '../../../src/core/errors';
import type { ErrorCode } from '../../../src/core/errors';
import { InferenceClient } from '../../../src/core/inference/client';
import { tensorFromJson } from '../../../src/core/inference/tensorJson';
import type { Tensor } from '../../../src/core/inference/tensor';
import { node24 } from '../../host/node24';
import { hostile, startServer, startServerOn, stopServers } from '../server/support/serverProcess';

const one: Tensor = { name: 'x', datatype: 'FP32', shape: [1], data: Float32Array.of(1) };
const never = new AbortController().signal;
const fails = (code: ErrorCode, words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof UserError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, words);
  return true;
};

describe('inference client', () => {
  let fake: Server | undefined;
  afterEach(async () => {
    fake?.closeAllConnections();
    fake?.close();
    fake = undefined;
    await stopServers();
  });

  /** A client of a server that answers everything like this. */
  function against(listener: RequestListener): Promise<InferenceClient> {
    const server = (fake = createServer(listener));
    return new Promise((done) =>
      server.listen(0, '127.0.0.1', () =>
        done(new InferenceClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'm')),
      ),
    );
  }

  // The images run on Node 24, which has types for numbers that Node 20 has not.
  for (const [version, node] of [
    ['this Node', () => Promise.resolve(process.execPath)],
    ['Node 24', node24],
  ] as const)
    it(`carries every datatype to the model and back, on ${version}`, async function () {
      this.timeout(120_000);
      const server = await startServerOn(
        { node: await node() },
        resolve('test/unit/server/models/echo.onnx'),
      );
      const client = new InferenceClient(server.url, 'echo');
      assert.equal(await client.ready(never), true);
      const values = {
        BOOL: ['BOOL', [true, false]],
        UINT8: ['UINT8', [0, 255]],
        UINT16: ['UINT16', [0, 65535]],
        UINT32: ['UINT32', [0, 4294967295]],
        UINT64: ['UINT64', [2n ** 53n + 1n, 2n ** 64n - 1n]],
        INT8: ['INT8', [-128, 127]],
        INT16: ['INT16', [-32768, 32767]],
        INT32: ['INT32', [-(2 ** 31), 2 ** 31 - 1]],
        INT64: ['INT64', [-(2n ** 63n), 2n ** 53n + 1n]],
        FLOAT16: ['FP16', [1.5, 'NaN']],
        FLOAT: ['FP32', ['Infinity', 0.1]],
        DOUBLE: ['FP64', ['-Infinity', 0.1]],
        STRING: ['BYTES', ['', 'é"\n😀']],
      } as const;
      for (const shape of [
        [1, 2],
        [2, 1],
        [0, 3],
      ]) {
        const inputs = Object.entries(values).map(([name, [datatype, data]]) =>
          tensorFromJson({ name: `${name}_in`, datatype, shape }, shape[0] === 0 ? [] : [...data]),
        );
        const { outputs, milliseconds } = await client.infer(inputs, never);
        assert.ok(milliseconds > 0);
        assert.deepEqual(
          outputs,
          inputs.map((input) => ({ ...input, name: input.name.replace('_in', '_out') })),
        );
      }
      const { inputs } = await client.metadata(never);
      assert.deepEqual(inputs[0], { name: 'BOOL_in', datatype: 'BOOL', shape: [-1, -1] });
    });

  it('carries a scalar', async () => {
    const server = await startServer(resolve('test/unit/server/models/scalar.onnx'));
    const input: Tensor = { name: 'x', datatype: 'INT64', shape: [], data: BigInt64Array.of(2n ** 60n) };
    const { outputs } = await new InferenceClient(server.url, 'scalar').infer([input], never);
    assert.deepEqual(outputs, [
      { name: 'y', datatype: 'INT64', shape: [], data: BigInt64Array.of(2n ** 61n) },
    ]);
  });

  it("passes the server's words on", async () => {
    const server = await startServer(hostile('endless-loop'), '--run-timeout-seconds', '0.5');
    const client = new InferenceClient(server.url, 'endless-loop');
    await assert.rejects(
      client.infer([{ ...one, name: 'z' }], never),
      fails('predict-refused', /no input "z"/),
    );
    await assert.rejects(client.infer([one], never), fails('predict-timeout', /longer than 0.5 s/));
    await assert.rejects(
      client.infer([one], never, { timeoutSeconds: 0.1 }),
      fails('predict-timeout', /in 0.1 s/),
    );
    const crashing = await startServer(hostile('aborting'));
    await assert.rejects(
      new InferenceClient(crashing.url, 'aborting').infer([one], never),
      fails('worker-crashed', /ended by SIG/),
    );
  });

  it('asks once more where a connection is cut before there is an answer', async () => {
    let asked = 0;
    const client = await against((request, response) => {
      if (++asked === 1) request.socket.destroy();
      else response.end('{"name":"m","platform":"p","inputs":[],"outputs":[]}');
    });
    assert.equal((await client.metadata(never)).name, 'm');
    assert.equal(asked, 2);
  });

  it('says that nothing answers', async () => {
    const client = await against((_, response) => response.destroy());
    await assert.rejects(client.infer([one], never), fails('endpoint-gone', /the connection was cut/));
    assert.equal(await client.ready(never), false);
    const gone = new InferenceClient('http://127.0.0.1:1', 'm');
    await assert.rejects(
      gone.infer([one], never),
      fails('endpoint-gone', /http:\/\/127\.0\.0\.1:1: the connection was refused/),
    );
  });

  it('is cancelled with the reason of its signal, also before it starts', async () => {
    const client = await against(() => undefined);
    const controller = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 50);
    await assert.rejects(client.infer([one], controller.signal), reason);
    await assert.rejects(client.infer([one], controller.signal), reason);
    await assert.rejects(client.ready(controller.signal), reason);
  });

  it('says what to do about each refusal', async () => {
    const next: Record<number, RegExp> = {
      400: /inputs that it takes/,
      401: /token/,
      404: /name of the model/,
    };
    for (const [status, told] of Object.entries(next)) {
      const client = await against((_, response) => response.writeHead(Number(status)).end('{"error":"no"}'));
      await assert.rejects(client.infer([one], never), {
        code: 'predict-refused',
        message: 'no',
        next: told,
      });
      fake?.close();
    }
    const client = await against((_, response) => response.end('<html>'));
    await assert.rejects(client.infer([one], never), { next: /Check the address/ });
  });

  it('says when it does not talk to a model server', async () => {
    for (const body of ['<html>', '[]', '{}', '{"outputs":[{"name":1}]}']) {
      const client = await against((_, response) => response.end(body));
      await assert.rejects(client.infer([one], never), fails('predict-refused', /does not speak/));
      fake?.close();
    }
    const client = await against((_, response) => response.writeHead(502).end('<html>'));
    await assert.rejects(client.infer([one], never), fails('worker-crashed', /answered with status 502/));
  });
});
