import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

/** A server under load: where it answers, what it is asked, and how to stop it. */
export interface Running {
  name: string;
  url: string;
  body: string;
  stop(): Promise<void>;
}

const here = resolve('test/bench/peers');
const row = [5.1, 3.5, 1.4, 0.2];
const plainBody = JSON.stringify({ inputs: [row] });
/** Debian's interpreter, which has Debian's scikit-learn, Flask and FastAPI. */
const python = '/usr/bin/python3';

/** Trains the peers' model into `folder` and gives a way to start each of them. */
export async function peers(folder: string): Promise<(() => Promise<Running>)[]> {
  const model = join(folder, 'iris.pkl');
  await promisify(execFile)(python, [join(here, 'train.py'), model]);
  const app =
    (name: string, command: (port: number) => string[], path = '/predict') =>
    async () => {
      const port = await freePort();
      return start(
        name,
        command(port),
        { MODEL: model, PORT: String(port) },
        `http://127.0.0.1:${port}${path}`,
      );
    };
  return [
    app('Flask, app.run', () => [python, 'flask_app.py']),
    app('Flask, gunicorn, 2 workers', (port) => [
      'gunicorn',
      '-w2',
      '-b',
      `127.0.0.1:${port}`,
      'flask_app:app',
    ]),
    app('FastAPI, uvicorn', (port) => [
      'uvicorn',
      '--port',
      String(port),
      '--log-level',
      'warning',
      'fastapi_app:app',
    ]),
    app('bare node:http', () => [process.execPath, 'bare.mjs']),
  ];
}

/** The model server on the workspace's iris model, asked by its `/predict` and by the Open Inference Protocol. */
export async function slipway(model: string): Promise<Running[]> {
  const child = spawn(process.execPath, ['dist/server.js', '--model', model], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((done, fail) => {
    child.stdout.once('data', (data: Buffer) => done(data.toString()));
    child.once('exit', (code) => fail(new Error(`the model server ended with ${code}`)));
  });
  const { url } = JSON.parse(line) as { url: string };
  const metadata = (await (await fetch(`${url}/v2/models/iris`)).json()) as { inputs: { name: string }[] };
  const input = { name: metadata.inputs[0]?.name, shape: [1, 4], datatype: 'FP32', data: row };
  const stop = () => ended(child);
  return [
    { name: 'Slipway, /predict', url: `${url}/predict`, body: plainBody, stop },
    {
      name: 'Slipway, /v2 infer',
      url: `${url}/v2/models/iris/infer`,
      body: JSON.stringify({ inputs: [input] }),
      stop,
    },
  ];
}

async function start(
  name: string,
  command: string[],
  env: Record<string, string>,
  url: string,
): Promise<Running> {
  const child = spawn(command[0] as string, command.slice(1), {
    cwd: here,
    env: { ...process.env, ...env, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: 'ignore',
  });
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  for (let tries = 0; ; tries++) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: plainBody,
    }).catch(() => undefined);
    if (response?.ok) break;
    if (failure ?? tries > 200) throw failure ?? new Error(`${name} did not start at ${url}`);
    await wait(100);
  }
  return { name, url, body: plainBody, stop: () => ended(child) };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  await Promise.race([exit, wait(3000)]);
  child.kill('SIGKILL');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
