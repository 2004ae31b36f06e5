import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { python, type Subject } from './subjects';

/** A server under load: where it answers, what it is asked, and how to stop it. */
export interface Running {
  name: string;
  url: string;
  body: string;
  pid?: number;
  stop(): Promise<void>;
}

const here = resolve('test/bench/peers');
const bodyOf = ({ row }: Subject) => JSON.stringify({ inputs: [row] });

/** A way to start each of the peers with a model. */
export function peers(subject: Subject): (() => Promise<Running>)[] {
  const app =
    (name: string, command: (port: number) => string[], path = '/predict') =>
    async () => {
      const port = await freePort();
      const env = { MODEL: subject.pickle, PORT: String(port) };
      return start(name, command(port), env, `http://127.0.0.1:${port}${path}`, bodyOf(subject));
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

/** The model server on the same model as a pickle and as ONNX, asked by its `/predict` and by the Open Inference Protocol. */
export function slipway(subject: Subject): (() => Promise<Running>)[] {
  const { pickle, onnx, row } = subject;
  const plain = (name: string, model: string) => async () => {
    const { url, child } = await serve(model);
    return { name, url: `${url}/predict`, body: bodyOf(subject), pid: child.pid, stop: () => ended(child) };
  };
  const v2 = (name: string, model: string) => async () => {
    const { url, child } = await serve(model);
    const metadata = (await (await fetch(`${url}/v2/models/model`)).json()) as {
      inputs: { name: string; datatype: string }[];
    };
    const input = { ...metadata.inputs[0], shape: [1, row.length], data: row };
    const body = JSON.stringify({ inputs: [input] });
    return { name, url: `${url}/v2/models/model/infer`, body, pid: child.pid, stop: () => ended(child) };
  };
  return [
    ...(onnx ? [plain('Slipway, ONNX, /predict', onnx), v2('Slipway, ONNX, /v2', onnx)] : []),
    plain('Slipway, pickle, /predict', pickle),
    v2('Slipway, pickle, /v2', pickle),
  ];
}

async function serve(model: string): Promise<{ url: string; child: ChildProcess }> {
  const args = ['dist/server.js', '--model', model, '--name', 'model', '--python', python];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const line = await new Promise<string>((done, fail) => {
    child.stdout.once('data', (data: Buffer) => done(data.toString()));
    child.once('exit', (code) => fail(new Error(`the model server ended with ${code}`)));
  });
  return { url: (JSON.parse(line) as { url: string }).url, child };
}

async function start(
  name: string,
  command: string[],
  env: Record<string, string>,
  url: string,
  body: string,
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
      body,
    }).catch(() => undefined);
    if (response?.ok) break;
    if (failure ?? tries > 200) throw failure ?? new Error(`${name} did not start at ${url}`);
    await wait(100);
  }
  return { name, url, body, pid: child.pid, stop: () => ended(child) };
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
