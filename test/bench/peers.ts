import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { run } from '../host/command';
import { freePort } from '../host/freePort';
import { pythonEnvironment, pythonVariables } from '../host/pythonEnvironment';
import { ask, type Contestant, type Question } from './contestant';
import { inference, predictions, type Protocol, questions } from './labels';
import { ready, type ServerProcess, startProcess } from './process';
import { python, type Subject } from './subjects';

/** Names for `--peers`. */
export const peerIds = [
  'node',
  'flask',
  'gunicorn',
  'fastapi',
  'bentoml',
  'mlserver',
  'litserve',
  'mlflow',
] as const;
export type PeerId = (typeof peerIds)[number];

const here = resolve('test/bench/peers');

/** Where a peer serves a model. */
interface Site {
  pickle: string;
  port: number;
  /** A folder of its own. */
  folder: string;
  environment: NodeJS.ProcessEnv;
}

interface Peer {
  id: PeerId;
  name: string;
  /** It is installed as `peers/requirements/ID.txt` says; otherwise it is taken from this machine. */
  installed: boolean;
  protocol: Protocol;
  variables?: (site: Site) => NodeJS.ProcessEnv;
  /** What has to be made before it starts. */
  prepare?: (site: Site) => Promise<unknown>;
  command: (site: Site) => string[];
}

const host = '127.0.0.1';
const uvicorn = (app: string, port: number, workers: number) => [
  'uvicorn',
  ...['--host', host, '--port', String(port), '--log-level', 'warning'],
  ...(workers > 1 ? ['--workers', String(workers)] : []),
  app,
];

const fastapi = (workers: number): Peer => ({
  id: 'fastapi',
  name: `FastAPI, uvicorn, ${workers} worker${workers > 1 ? 's' : ''}`,
  installed: true,
  protocol: predictions('/predict'),
  command: ({ port }) => uvicorn('fastapi_app:app', port, workers),
});

const mlserver = (name: string, batching: object): Peer => ({
  id: 'mlserver',
  name,
  installed: true,
  protocol: inference({ name: 'predict', datatype: 'FP64' }),
  variables: ({ port }) => ({
    MLSERVER_HOST: host,
    MLSERVER_HTTP_PORT: String(port),
    // Its other interfaces take any free port.
    MLSERVER_GRPC_PORT: '0',
    MLSERVER_METRICS_PORT: '0',
    MLSERVER_DEBUG: 'false',
  }),
  prepare: ({ folder, pickle }) => {
    const implementation = 'mlserver_sklearn.SKLearnModel';
    const settings = { name: 'model', implementation, parameters: { uri: pickle }, ...batching };
    return writeFile(join(folder, 'model-settings.json'), JSON.stringify(settings));
  },
  command: ({ folder }) => ['mlserver', 'start', folder],
});

const litserve = (name: string, batch: number): Peer => ({
  id: 'litserve',
  name,
  installed: true,
  protocol: {
    path: '/predict',
    bodyOf: (row) => ({ input: row }),
    labelOf: (answer: { output: number }) => answer.output,
  },
  variables: () => ({ BATCH: String(batch) }),
  command: () => ['python', join(here, 'litserve_api.py')],
});

/** Each as its own documentation sets it up; where that leaves batching to the user, once without and once with it. */
const peers: Peer[] = [
  {
    id: 'flask',
    name: 'Flask, app.run',
    installed: false,
    protocol: predictions('/predict'),
    command: () => [python, join(here, 'flask_app.py')],
  },
  {
    id: 'gunicorn',
    name: 'Flask, gunicorn, 2 workers',
    installed: false,
    protocol: predictions('/predict'),
    command: ({ port }) => ['gunicorn', '-w2', '-b', `${host}:${port}`, 'flask_app:app'],
  },
  fastapi(1),
  fastapi(2),
  {
    id: 'bentoml',
    name: 'BentoML, adaptive batching',
    installed: true,
    protocol: {
      path: '/predict',
      bodyOf: (row) => ({ inputs: [row] }),
      labelOf: (answer: number[]) => answer[0],
    },
    variables: ({ folder }) => ({ BENTOML_HOME: join(folder, 'home'), BENTOML_DO_NOT_TRACK: 'True' }),
    command: ({ port }) => [
      ...['bentoml', 'serve', 'bentoml_service:Classifier', '--working-dir', here],
      ...['--host', host, '--port', String(port)],
    ],
  },
  mlserver('MLServer', {}),
  mlserver('MLServer, adaptive batching', { max_batch_size: 32, max_batch_time: 0.01 }),
  litserve('LitServe', 1),
  litserve('LitServe, batching', 16),
  {
    id: 'mlflow',
    name: 'mlflow models serve',
    installed: true,
    protocol: predictions('/invocations'),
    variables: () => ({ MLFLOW_DISABLE_TELEMETRY: 'true', DO_NOT_TRACK: 'true' }),
    prepare: ({ folder, pickle, environment }) =>
      run('python', [join(here, 'save_mlflow.py'), pickle, join(folder, 'model')], {
        cwd: folder,
        env: environment,
      }),
    command: ({ folder, port }) => [
      ...['mlflow', 'models', 'serve', '--env-manager', 'local'],
      ...['-m', join(folder, 'model'), '--host', host, '--port', String(port)],
    ],
  },
];

/** The peers of these names with a model. */
export function peersFor(subject: Subject, wanted: PeerId[]): Contestant[] {
  const chosen = peers.filter(({ id }) => wanted.includes(id));
  const contestants = chosen.map((peer) => ({
    name: peer.name,
    start: async (folder: string) => {
      const environment = await environmentOf(peer.id, peer.installed);
      const site = { pickle: subject.pickle, port: await freePort(), folder, environment };
      await peer.prepare?.(site);
      const variables = { MODEL: site.pickle, PORT: String(site.port), ...peer.variables?.(site) };
      const asked = questions(`http://${host}:${site.port}`, peer.protocol, subject.rows);
      return up(peer.command(site), folder, { ...environment, ...variables }, asked);
    },
  }));
  return wanted.includes('node') ? [...contestants, bareNode(subject)] : contestants;
}

/** FastAPI with Python's onnxruntime, which takes and gives JSON at `/json` and bytes at `/bytes`. */
export function fastapiWithOnnx(
  model: string,
  shape: number[],
  workers: number,
  question: Question,
): Contestant {
  return {
    name: `FastAPI, onnxruntime, ${workers} worker${workers > 1 ? 's' : ''}`,
    start: async (folder) => {
      const port = await freePort();
      const env = { ...(await environmentOf('fastapi', true)), MODEL: model, SHAPE: JSON.stringify(shape) };
      const at = { ...question, url: `http://${host}:${port}${question.url}` };
      return up(uvicorn('onnx_app:app', port, workers), folder, env, [at]);
    },
  };
}

/** The limit: it reads the request and gives a fixed answer, right or wrong. */
function bareNode(subject: Subject): Contestant {
  return {
    name: 'bare node:http',
    start: async (folder) => {
      const port = await freePort();
      const [first] = questions(`http://${host}:${port}`, predictions('/predict'), subject.rows);
      const env = { ...process.env, PORT: String(port) };
      return up([process.execPath, join(here, 'bare.mjs')], folder, env, [
        { ...first, verify: () => undefined },
      ]);
    },
  };
}

async function environmentOf(id: PeerId, installed: boolean): Promise<NodeJS.ProcessEnv> {
  const shared = { ...process.env, PYTHONPATH: here, PYTHONDONTWRITEBYTECODE: '1' };
  if (!installed) return shared;
  const requirements = join(here, 'requirements', `${id}.txt`);
  return { ...shared, ...pythonVariables(await pythonEnvironment(`bench-peers/${id}`, requirements)) };
}

async function up(
  command: string[],
  folder: string,
  env: NodeJS.ProcessEnv,
  asked: [Question, ...Question[]],
): Promise<{ process: ServerProcess; questions: [Question, ...Question[]] }> {
  const server = await startProcess(command, folder, env);
  try {
    await ready(server, () => ask(asked[0]), 120);
    return { process: server, questions: asked };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
