import { cpus, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { titleOf } from '../core/model/modelKind';
import { parseArgs } from 'node:util';
import { processors, usableCores } from './processors';
import {
  graphOptimizations,
  type GivenSignature,
  type GraphOptimization,
  type SessionOptions,
} from './worker/frames';

export interface ServerOptions {
  /** Absolute. */
  model: string;
  name: string;
  version: string;
  host: string;
  /** 0 for any free port. */
  port: number;
  runTimeoutSeconds: number;
  loadTimeoutSeconds: number;
  /** 0 for no limit. */
  requestTimeoutSeconds: number;
  workerMemoryMib: number;
  maxBodyMib: number;
  maxQueue: number;
  maxBatch: number;
  /** 0 for as many as what runs the model takes by itself: in general one a core. */
  threads: number;
  /** For runs that have the machine to themselves; undefined where those are like any other. */
  wide?: SessionOptions['wide'];
  /** What runs models of Python. */
  python: string;
  fastForest: boolean;
  /** What a model of Python takes and gives, instead of what it says itself. */
  signature?: GivenSignature;
  /** Whether a model of Python may open network connections. */
  network: boolean;
  /** Workers that run the model at the same time. */
  instances: number;
  graphOptimization?: GraphOptimization;
  /** Of onnxruntime, in order of preference. */
  executionProviders?: string[];
  /** Image that holds a Python worker and the model: the worker runs in a container of it, without network. */
  workerImage?: string;
  /** Address of the Docker engine for that; empty for the usual one. */
  dockerHost: string;
  /** SHA-256 of the model, as whoever started the server knows it; only passed on. */
  hash?: string;
  record?: string;
  exitWithParent: boolean;
  /** Asked for with every request but those for health; from the environment only, as command lines are no secret. */
  token?: string;
  corsOrigins: string[];
  /** Paths that the platform asks for health and posts predictions to, beside the server's own. */
  healthRoute?: string;
  predictRoute?: string;
}

export const usage = `Usage: node server.js --model FILE [options]

  --model FILE                 the model to serve: .onnx, .pkl, .pickle, .joblib, .py, .ubj, .lgb, or an MLflow folder
  --name NAME                  name it is served under (default: the file's name without its extension)
  --model-version VERSION      version that it is served as (default: 1)
  --host ADDRESS               address to listen on (default: 127.0.0.1)
  --port PORT                  port to listen on, 0 for any free one (default). AIP_HTTP_PORT and PORT of the environment
                               come before this, except before a 0 that is written out
  --run-timeout-seconds N      time that one run of the model may take (default: 30)
  --load-timeout-seconds N     time that loading the model may take (default: 120)
  --request-timeout-seconds N  time that a client may take to send its request, and the server to read a long one or to write
                               its answer (default: 30)
  --worker-memory-mib N        memory that the model's process may have, 0 for no limit (default: 0; Linux only)
  --max-body-mib N             longest request body, and most bytes of values in an answer (default: 64)
  --max-queue N                requests that may wait (default: 1000)
  --max-batch N                requests that may run together, 1 for no batches (default: 64)
  --threads N                  threads that one run may use, 0 for what the model's runtime takes by itself (default: 0 for one
                               instance on a whole machine, else the cores that the server may use, shared among the instances)
  --instances N                workers that run the model at the same time (default: 1). Each holds it in memory; a small ONNX model
                               the first one twice, once for runs on all cores, unless --threads or --execution-providers is given
  --graph-optimization LEVEL   disabled, basic, extended or all (default; ONNX only)
  --execution-providers LIST   of onnxruntime, parted by commas, in order of preference (default: cpu)
  --python COMMAND             Python for models of Python (default: python3)
  --worker-image IMAGE         run the Python worker in a sealed container of this image, which holds the model
  --docker-host ADDRESS        the Docker engine for that (default: DOCKER_HOST, or the usual socket)
  --no-fast-forest             let scikit-learn itself walk the trees of its forests
  --network any|none           whether a model of Python may open network connections (default: any; none needs Linux)
  --signature JSON             what a model of Python takes and gives, instead of what it says itself:
                               {"inputs": [{"name": …, "datatype": "FP64", "shape": ["batch", 4]}], "outputs": […]}
  --hash SHA256                the model's hash, for the metrics and the record
  --record FILE                keep a JSON file that says where the server listens, while it does
  --exit-with-parent           exit when standard input ends
  --cors-origins LIST          origins, parted by commas, whose pages may ask; * for all (default: none)

SLIPWAY_TOKEN of the environment is a token that clients must send as "Authorization: Bearer TOKEN", except for health.
AIP_HEALTH_ROUTE and AIP_PREDICT_ROUTE of the environment, as Vertex AI sets them, are paths that health and predictions are at too.
SLIPWAY_MODEL of the environment names the model where --model does not. The word "serve" before the options changes nothing.
`;

/** Reads the command line. Throws an `Error` fit for the person who wrote it. */
export function readOptions(args: string[], environment: NodeJS.ProcessEnv): ServerOptions {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args,
    options: {
      model: text,
      name: text,
      'model-version': text,
      host: text,
      port: text,
      'run-timeout-seconds': text,
      'load-timeout-seconds': text,
      'request-timeout-seconds': text,
      'worker-memory-mib': text,
      'max-body-mib': text,
      'max-queue': text,
      'max-batch': text,
      threads: text,
      python: text,
      instances: text,
      'graph-optimization': text,
      'execution-providers': text,
      'no-fast-forest': { type: 'boolean' },
      network: text,
      signature: text,
      'worker-image': text,
      'docker-host': text,
      hash: text,
      record: text,
      'exit-with-parent': { type: 'boolean' },
      'cors-origins': text,
    },
    allowPositionals: true,
  });
  // SageMaker starts every image with this word.
  const unknown = positionals.find((word) => word !== 'serve');
  if (unknown !== undefined) throw new Error(`"${unknown}" is no option; see --help.`);
  const number = (option: keyof typeof values, fallback: number, minimum: number, maximum = 1e9): number => {
    const given = values[option];
    if (given === undefined) return fallback;
    const value = Number(given);
    if (given !== '' && value >= minimum && value <= maximum) return value;
    throw new Error(`--${option} takes a number from ${minimum} to ${maximum}, not "${String(given)}".`);
  };
  const file = values.model || environment['SLIPWAY_MODEL'];
  if (!file) throw new Error('--model FILE is missing.');
  const model = resolve(file);
  const dictated = environment['AIP_HTTP_PORT'] || environment['PORT'];
  const port = Math.trunc(number('port', 0, 0, 65535));
  const anyPort = values.port !== undefined && port === 0;
  const instances = Math.trunc(number('instances', 1, 1, 64));
  const workerMemoryMib = number('worker-memory-mib', 0, 0);
  return {
    model,
    name: values.name ?? titleOf(model),
    version: values['model-version'] ?? '1',
    host: values.host ?? '127.0.0.1',
    port: dictated && !anyPort ? dictatedPort(dictated) : port,
    runTimeoutSeconds: number('run-timeout-seconds', 30, 0.001),
    loadTimeoutSeconds: number('load-timeout-seconds', 120, 0.001),
    requestTimeoutSeconds: number('request-timeout-seconds', 30, 1),
    workerMemoryMib,
    maxBodyMib: number('max-body-mib', 64, 0.001, 1024),
    maxQueue: Math.trunc(number('max-queue', 1000, 1)),
    maxBatch: Math.trunc(number('max-batch', 64, 1)),
    threads: Math.trunc(number('threads', threadsOf(instances), 0, 1024)),
    // Neither against a number that somebody chose, nor twice in the memory of another device.
    wide:
      values.threads === undefined && values['execution-providers'] === undefined
        ? wideIn(instances, workerMemoryMib)
        : undefined,
    instances,
    graphOptimization: graphOptimizationOf(values['graph-optimization']),
    executionProviders: values['execution-providers']?.split(',').map((name) => name.trim()),
    python: values.python ?? 'python3',
    workerImage: values['worker-image'],
    dockerHost: values['docker-host'] ?? '',
    fastForest: !values['no-fast-forest'],
    network: networkIn(values.network),
    signature: values.signature === undefined ? undefined : signatureIn(values.signature),
    hash: values.hash,
    record: values.record === undefined ? undefined : resolve(values.record),
    exitWithParent: values['exit-with-parent'] ?? false,
    token: environment['SLIPWAY_TOKEN'] || undefined,
    corsOrigins: (values['cors-origins'] ?? '')
      .split(',')
      .map((origin) => origin.trim())
      .filter(Boolean),
    healthRoute: dictatedRoute('AIP_HEALTH_ROUTE', environment),
    predictRoute: dictatedRoute('AIP_PREDICT_ROUTE', environment),
  };
}

/** More threads than cores hold each other up; of a whole machine, who runs the model knows best how many it has. */
function threadsOf(instances: number): number {
  if (instances === 1 && processors() >= cpus().length) return 0;
  return Math.max(1, Math.floor(usableCores() / instances));
}

/** Who runs alone may have the cores of the others, if the model is small beside the memory that there is. */
function wideIn(instances: number, workerMemoryMib: number): ServerOptions['wide'] {
  const threads = usableCores();
  if (instances === 1 || threads === threadsOf(instances)) return undefined;
  // Without a limit Node says 0, nothing or 2^64, as its version and that of the control groups is.
  const memory = Math.min(
    totalmem(),
    process.constrainedMemory() || Infinity,
    workerMemoryMib * 2 ** 20 || Infinity,
  );
  return { threads, mostBytes: Math.min(256 * 2 ** 20, memory / 8) };
}

function graphOptimizationOf(level: string | undefined): GraphOptimization | undefined {
  const found = graphOptimizations.find((known) => known === level);
  if (found || level === undefined) return found;
  throw new Error(`--graph-optimization takes ${graphOptimizations.join(', ')}, not "${level}".`);
}

function networkIn(text = 'any'): boolean {
  if (text === 'any' || text === 'none') return text === 'any';
  throw new Error(`--network takes any or none, not "${text}".`);
}

/** Only that it is one; whether it fits shows when the model is loaded. */
function signatureIn(text: string): GivenSignature {
  try {
    const signature = JSON.parse(text) as GivenSignature;
    if (Array.isArray(signature.inputs)) return signature;
  } catch {
    // Said below.
  }
  throw new Error('--signature takes a JSON object with an array "inputs".');
}

function dictatedPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw new Error(`The environment asks for port "${text}", which is none.`);
}

function dictatedRoute(name: string, environment: NodeJS.ProcessEnv): string | undefined {
  const route = environment[name];
  if (!route) return undefined;
  if (/^(?:\/(?!:)[^/?#\s]*)+$/.test(route)) return route;
  throw new Error(`${name} of the environment is "${route}", which is no path like /predict.`);
}
