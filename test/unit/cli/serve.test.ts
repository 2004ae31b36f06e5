import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { run } from '../../host/command';
import { copyWorkspace, temporaryFolder } from '../../host/workspace';
import { errorIn, slipway, type Ended } from './support';

describe('slipway serve', () => {
  let workspace: string;
  before(async () => {
    workspace = await copyWorkspace(join(await temporaryFolder('cli-serve'), 'workspace'));
  });

  /** Serves until `work`, which is given the first that it prints, is done. */
  async function serve(
    words: string[],
    work: (printed: string) => Promise<unknown>,
    env: NodeJS.ProcessEnv = {},
  ): Promise<Ended> {
    let worked: Promise<unknown> | undefined;
    const ended = await slipway(['serve', 'iris', ...words], workspace, {
      env,
      onStart: (child) =>
        child.stdout?.once('data', (printed: Buffer) => {
          worked = work(printed.toString()).finally(() => child.kill('SIGINT'));
        }),
    });
    await worked;
    return ended;
  }

  it('serves until it is stopped, and other calls predict there', async () => {
    const { code, out } = await serve(['--json'], async (printed) => {
      const { url } = JSON.parse(printed) as { url: string };
      const predicted = await slipway(['predict', 'iris', '--url', url], workspace);
      assert.match(predicted.out, /^label: \[0\]\n/);
      const elsewhere = await temporaryFolder('cli-elsewhere');
      const input = '{"measurements": [[6.7, 3.0, 5.2, 2.3]]}';
      const words = ['predict', 'iris', '--url', url, '--inputs', '-'];
      const without = await slipway(words, elsewhere, { input });
      assert.match(without.out, /^label: \[2\]\n/, without.err);
    });
    assert.equal(code, 130);
    // One document also when it was stopped.
    const { model, pid } = JSON.parse(out) as { model: string; pid: number };
    assert.equal(model, 'iris');
    assert.ok(pid > 0);
  });

  it('says to people where it is, how to ask it and how to end it', async () => {
    const { out } = await serve([], (printed) => {
      const [, url = ''] = /^iris answers at (\S+)\n/.exec(printed) ?? [];
      return fetch(`${url}/v2/health/ready`).then(({ status }) => assert.equal(status, 200));
    });
    const told =
      /^iris answers at (http:\/\/127\.0\.0\.1:\d+)\nAsk it: slipway predict iris --url \1\nIts API: \1\/openapi\.json\nCtrl\+C ends it\.\n$/;
    assert.match(out, told);
  });

  it('asks for the token that is set, and what else it starts does not', async () => {
    const env = { SLIPWAY_TOKEN: 'open-sesame' };
    const ask = async (printed: string) => {
      const { url } = JSON.parse(printed) as { url: string };
      const status = async (headers?: Record<string, string>) =>
        (await fetch(`${url}/v2/models/iris`, { headers })).status;
      assert.equal(await status(), 401);
      assert.equal(await status({ authorization: 'Bearer open-sesame' }), 200);
    };
    await serve(['--json'], ask, env);
    const { code, out, err } = await slipway(['test', 'iris'], workspace, { env });
    assert.deepEqual([code, out], [0, '3 passed, 0 failed\n'], err);
  });

  it('refuses a container that would ask for no token where one is set', async () => {
    const env = { SLIPWAY_TOKEN: 'open-sesame' };
    const { code, out, err } = await slipway(['serve', 'iris', '--container'], workspace, { env });
    assert.deepEqual([code, out], [2, '']);
    assert.match(err, /SLIPWAY_TOKEN is set, and a server in a container asks nobody for it\./);
  });

  it('gives the model the memory that is set', async () => {
    const env = { SLIPWAY_MEMORY_MIB: '700' };
    const look = async (printed: string) => {
      const { pid } = JSON.parse(printed) as { pid: number };
      assert.match(await run('ps', ['-ww', '-o', 'args=', '-p', String(pid)]), /--worker-memory-mib 700\b/);
    };
    await serve(['--json'], look, env);
  });

  it('prints one document when the port is taken', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    try {
      const { port } = holder.address() as { port: number };
      const ended = await slipway(['serve', 'iris', '--port', String(port), '--json'], workspace);
      assert.equal(ended.code, 1);
      const { code, message } = errorIn(ended);
      assert.deepEqual(
        [code, message],
        ['port-taken', `Port ${port} on 127.0.0.1 is taken by another program.`],
      );
      assert.equal(ended.err, `${message}\n`);
    } finally {
      holder.close();
    }
  });

  it('serves in a container only where there is an engine, and says what to do', async () => {
    const env = { SLIPWAY_DOCKER_HOST: 'unix:///nowhere.sock' };
    const ended = await slipway(['serve', 'iris', '--container', '--json'], workspace, { env });
    assert.equal(ended.code, 1);
    const { code, next } = errorIn(ended);
    assert.deepEqual(
      [code, next],
      ['engine-unreachable', 'Start Docker, or name the engine in SLIPWAY_DOCKER_HOST.'],
    );
  });
});
