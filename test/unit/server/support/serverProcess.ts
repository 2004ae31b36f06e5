import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const fixtures = resolve('test/fixtures');
export const iris = `${fixtures}/workspace/models/iris.onnx`;
export const hostile = (name: string) => `${fixtures}/hostile/${name}.onnx`;

const out = resolve('out/test/server');
let built: Promise<unknown> | undefined;

/** The server and its worker as they are shipped, built once a test run. */
async function serverScript(): Promise<string> {
  built ??= build({
    entryPoints: { server: 'src/server/main.ts', onnxWorker: 'src/server/onnx/worker.ts' },
    outdir: out,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['onnxruntime-node', 'dockerode'],
    sourcemap: 'inline',
    logLevel: 'warning',
  }).then(() => cp('src/server/python', `${out}/python`, { recursive: true }));
  await built;
  return `${out}/server.js`;
}

/** The worker for ONNX as it is shipped. */
export async function workerScript(): Promise<string> {
  await serverScript();
  return `${out}/onnxWorker.js`;
}

export interface TestServer {
  url: string;
  process: ChildProcess;
  /** What it has logged so far. */
  log: () => string;
  /** Sends SIGTERM and resolves to the exit code. */
  stop(): Promise<number | null>;
  /** Posts to the model's infer route. */
  infer(body: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
  fetch(path: string, init?: RequestInit): Promise<{ status: number; text: string; headers: Headers }>;
}

const running = new Set<ChildProcess>();

/** Ends what a test has left. */
export async function stopServers(): Promise<void> {
  await Promise.all([...running].map((child) => (child.kill('SIGKILL'), once(child, 'exit'))));
}

/** What runs a server, if not the Node and the environment that run the tests. */
export interface Host {
  node?: string;
  environment?: NodeJS.ProcessEnv;
}

/** Starts a server for a model and waits until it serves. */
export function startServer(model: string, ...args: string[]): Promise<TestServer> {
  return startServerOn({}, model, ...args);
}

export async function startServerOn(host: Host, model: string, ...args: string[]): Promise<TestServer> {
  const { process: child, line, log } = await launchOn(host, model, ...args);
  const { url, error } = JSON.parse(line) as { url?: string; error?: string };
  if (!url) throw new Error(error);
  const name = args.includes('--name')
    ? (args[args.indexOf('--name') + 1] as string)
    : /([^/]+)\.[a-z]+$/.exec(model)?.[1];
  const answer = async (path: string, init?: RequestInit) => {
    const response = await fetch(url + path, init);
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  return {
    url,
    process: child,
    log,
    fetch: answer,
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      return ((await exit) as [number | null])[0];
    },
    async infer(body) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const reply = await answer(`/v2/models/${name}/infer`, { method: 'POST', body: text });
      return { status: reply.status, body: JSON.parse(reply.text) as Record<string, unknown> };
    },
  };
}

interface Launched {
  process: ChildProcess;
  /** The first line that it printed. */
  line: string;
  log: () => string;
}

/** Starts a server and waits until it prints something. */
export function launch(model: string, ...args: string[]): Promise<Launched> {
  return launchOn({}, model, ...args);
}

async function launchOn({ node, environment }: Host, model: string, ...args: string[]): Promise<Launched> {
  const child = spawn(node ?? process.execPath, [await serverScript(), '--model', model, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, PORT: '', AIP_HTTP_PORT: '', ...environment },
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const lines = createInterface(child.stdout);
  const [line] = (await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(() => ['{"error":"it exited"}']),
  ])) as [string];
  return { process: child, line, log: () => log };
}

/** An `infer` body for one input. */
export function inferBody(name: string, shape: number[], data: unknown, datatype = 'FP32') {
  return { inputs: [{ name, shape, datatype, data }] };
}

/** Resolves once `check` is true; rejects after `seconds`. */
export async function eventually(check: () => Promise<boolean> | boolean, seconds = 10): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`Not within ${seconds} s: ${check.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
