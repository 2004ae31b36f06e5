/**
 * Drives the model server with other people's clients: `npm run interop`. Needs PyPI the first time, to fill environments
 * in the user's cache folder with what the requirements files beside this one name; runs with python3.11 or python3.
 * Prints a line for each client and exits with 1 when one of them fails.
 */
import { execFile, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parseJson, stringifyJson } from '../../src/core/inference/jsonText';
import type { JsonValue } from '../../src/core/inference/tensor';
import { pythonEnvironment, pythonVariables } from '../host/pythonEnvironment';
import { temporaryFolder } from '../host/workspace';
import { iris, startServer, stopServers } from '../unit/server/support/serverProcess';
import type { TestServer } from '../unit/server/support/serverProcess';

const run = promisify(execFile);
const here = resolve('test/interop');
const own = (name: string) => `test/unit/server/models/${name}.onnx`;
const longest = 15 * 60_000;

/** What is printed of a client that fails. */
const lastLines = 60;

async function main(): Promise<void> {
  const bin = await pythonEnvironment('interop', join(here, 'requirements.txt'));
  try {
    const echo = await startServer(own('echo'));
    const flowers = await startServer(iris);
    const urls = [echo.url, flowers.url];
    await attempt('tritonclient', () => python(bin, 'use_triton.py', urls));
    await attempt('kserve', () => python(bin, 'use_kserve.py', urls));
    await attempt('mlserver', async () => {
      // What it needs is not what the other clients need.
      const mlserver = await pythonEnvironment('interop-mlserver', join(here, 'requirements-mlserver.txt'));
      return python(mlserver, 'use_mlserver.py', urls);
    });
    await attempt('LightGBM, MLflow', async () =>
      models(await pythonEnvironment('interop-models', join(here, 'requirements-models.txt'))),
    );
    await attempt('schemathesis, iris', () => schemathesis(bin, flowers));
    for (const [name, leftOut] of [
      ['echo', lenient],
      ['scalar', lenient],
      ['picky', [...lenient, ...runErrors]],
    ] as const) {
      await attempt(`schemathesis, ${name}`, async () =>
        schemathesis(bin, await startServer(own(name)), leftOut),
      );
    }
    await attempt('promtool', () => promtool(flowers));
  } finally {
    await stopServers();
  }
}

/**
 * The server takes more than it describes: other shapes where several dimensions are free (JSON Schema can not say that rows have
 * the same length), no rows at all, scalars without brackets.
 */
const lenient = ['negative_data_rejection'];
/** No schema says which values a model fails on in its run. */
const runErrors = ['not_a_server_error'];

async function attempt(client: string, work: () => Promise<string>): Promise<void> {
  try {
    process.stdout.write(`✔ ${client}: ${await work()}\n`);
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    const said = `${stdout}${stderr}`.trim() || message;
    process.stdout.write(`✘ ${client}\n${said.split('\n').slice(-lastLines).join('\n')}\n`);
    process.exitCode = 1;
  }
}

async function python(bin: string, script: string, args: string[]): Promise<string> {
  const options = { env: pythonVariables(bin), timeout: longest };
  const { stdout } = await run(join(bin, 'python'), [join(here, script), ...args], options);
  return stdout.trim();
}

/** Serves models of libraries that the tests have not, and holds the answers against what the libraries say. */
async function models(bin: string): Promise<string> {
  const folder = await temporaryFolder('interop-models');
  const made = JSON.parse((await python(bin, 'make_models.py', [folder])).split('\n').at(-1) ?? '') as {
    file: string;
    inputs: Record<string, unknown>;
    expected: Record<string, unknown>;
  }[];
  for (const { file, inputs, expected } of made) {
    // As in the containers that serve it.
    const how = ['--python', join(bin, 'python'), '--network', 'none'];
    const server = await startServer(join(folder, file), ...how);
    const { text } = await server.fetch('/predict', { method: 'POST', body: JSON.stringify({ inputs }) });
    const { outputs } = JSON.parse(text) as { outputs?: Record<string, unknown> };
    for (const [name, values] of Object.entries(expected)) {
      const [actual, wanted] = [outputs?.[name], values].map((each) => [each].flat(3));
      const same =
        actual?.length === wanted?.length && wanted?.every((value, at) => alike(actual?.[at], value));
      if (!same) throw new Error(`${file}: ${name} is not ${JSON.stringify(values)}\n${text}`);
    }
    await server.stop();
  }
  return `${made.length} models answer what they answer in Python`;
}

/** Equal, but for the last digits of floats. */
function alike(actual: unknown, expected: unknown): boolean {
  if (typeof actual !== 'number' || typeof expected !== 'number') return actual === expected;
  return Math.abs(actual - expected) <= 1e-6 + 1e-5 * Math.abs(expected);
}

/** All of its default checks but those left out, over all that the description of the interface allows in JSON. */
async function schemathesis(
  bin: string,
  server: TestServer,
  leftOut: readonly string[] = [],
): Promise<string> {
  const file = join(await temporaryFolder('interop-openapi'), 'openapi.json');
  await writeFile(file, onlyJson((await server.fetch('/openapi.json')).text));
  const less = leftOut.flatMap((check) => ['--exclude-checks', check]);
  const { stdout } = await run(
    join(bin, 'schemathesis'),
    ['run', file, '--url', server.url, '--no-color', '--max-examples', '100', '--seed', '1', ...less],
    { cwd: bin, timeout: longest, maxBuffer: 2 ** 26 },
  );
  return `${/^\s*(\d+ generated.*)$/m.exec(stdout)?.[1] ?? 'nothing generated'}`;
}

/** No schema says which text is CSV that fits, nor which bytes are tensors, nor where their JSON ends. */
function onlyJson(description: string): string {
  const { paths, ...others } = parseJson(description) as unknown as Description;
  for (const { post } of Object.values(paths)) {
    if (!post) continue;
    const { 'application/json': json } = post.requestBody.content;
    post.requestBody.content = { 'application/json': json };
    delete post.parameters;
  }
  return stringifyJson({ ...others, paths } as unknown as JsonValue);
}

interface Description {
  paths: Record<
    string,
    { post?: { parameters?: object; requestBody: { content: Record<string, unknown> } } }
  >;
}

async function promtool(server: TestServer): Promise<string> {
  if (!(await run('promtool', ['--version']).catch(() => undefined))) return 'not installed, left out';
  const { text } = await server.fetch('/metrics');
  const said = await new Promise<string>((done, fail) => {
    const child = spawn('promtool', ['check', 'metrics']);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', fail);
    child.once('close', (code) => done(code === 0 ? output : `${output}exit code ${code}`));
    child.stdin.end(text);
  });
  if (said) throw new Error(said);
  return 'nothing to say';
}

void main();
