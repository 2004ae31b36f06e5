import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { ChildController } from '../childController';
import { UserError } from '../errors';
import type { Signature, TensorSpec } from '../model/signature';
import { shownAddress } from '../secrets';
import { isDatatype } from './datatypes';
import { parseJson, stringifyJson } from './jsonText';
import { dataText, tensorFromJson } from './tensorJson';
import type { JsonValue, Tensor } from './tensor';

interface Reply {
  status: number;
  body: string;
}

export interface InferOptions {
  /** How long to wait for the answer; default: as long as the server does. */
  timeoutSeconds?: number;
}

/** What `GET /v2/models/{m}` says. A free dimension is -1. */
export interface ModelMetadata {
  name: string;
  versions?: string[];
  platform: string;
  inputs: { name: string; datatype: string; shape: number[] }[];
  outputs: { name: string; datatype: string; shape: number[] }[];
}

/** How long a server may take to say whether it is ready. */
const readySeconds = 5;

/** Talks to a model server in the Open Inference Protocol. Keeps its connections; they do not keep the process. */
export class InferenceClient {
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 4 });
  readonly #path: string;
  /** The server's address, for people. */
  readonly #where: string;

  constructor(
    private readonly url: string,
    model: string,
  ) {
    this.#where = shownAddress(url);
    this.#path = `/v2/models/${encodeURIComponent(model)}`;
  }

  /** Whether the server says that it predicts; false also when nothing answers. Rejects only when `signal` aborts. */
  async ready(signal?: AbortSignal): Promise<boolean> {
    try {
      const { status } = await this.#send('GET', '/v2/health/ready', undefined, signal, {
        timeoutSeconds: readySeconds,
      });
      return status === 200;
    } catch {
      signal?.throwIfAborted();
      return false;
    }
  }

  /** What the server says about the model. Throws `UserError`. */
  async metadata(signal?: AbortSignal): Promise<ModelMetadata> {
    return (await this.#ask('GET', this.#path, undefined, signal)) as unknown as ModelMetadata;
  }

  /** What the model takes and gives, as the server says it. Throws `UserError`. */
  async signature(signal?: AbortSignal): Promise<Signature> {
    const { inputs, outputs } = await this.metadata(signal);
    return { inputs: inputs.map(specOf), outputs: outputs.map(specOf) };
  }

  /** Predicts. `milliseconds` is the round trip. Throws `UserError`, or the reason of `signal`. */
  async infer(
    inputs: Tensor[],
    signal?: AbortSignal,
    options?: InferOptions,
  ): Promise<{ outputs: Tensor[]; milliseconds: number }> {
    const started = performance.now();
    const tensors = inputs.map(
      ({ name, shape, datatype }, index) =>
        `{"name":${stringifyJson(name)},"shape":[${shape.join(',')}],"datatype":"${datatype}","data":${dataText(inputs[index] as Tensor)}}`,
    );
    const answer = await this.#ask(
      'POST',
      `${this.#path}/infer`,
      `{"inputs":[${tensors.join(',')}]}`,
      signal,
      options,
    );
    const milliseconds = performance.now() - started;
    const outputs = answer['outputs'];
    if (!Array.isArray(outputs)) throw this.#strange('its answer has no "outputs"');
    return { outputs: outputs.map((output) => this.#tensor(output)), milliseconds };
  }

  #tensor(output: JsonValue): Tensor {
    const { name, shape, datatype, data } = (output ?? {}) as Record<string, JsonValue | undefined>;
    if (typeof name !== 'string' || !isDatatype(datatype) || !Array.isArray(shape) || data === undefined) {
      throw this.#strange('an output of its answer is no tensor');
    }
    return tensorFromJson({ name, datatype, shape: shape as number[] }, data);
  }

  async #ask(
    method: string,
    path: string,
    body: string | undefined,
    signal?: AbortSignal,
    options?: InferOptions,
  ): Promise<{ [key: string]: JsonValue }> {
    const reply = await this.#send(method, path, body, signal, options);
    if (reply.status !== 200) throw this.#refused(reply);
    let value: JsonValue;
    try {
      value = parseJson(reply.body);
    } catch {
      throw this.#strange('its answer is not JSON');
    }
    if (value === null || typeof value !== 'object' || Array.isArray(value))
      throw this.#strange('its answer is no JSON object');
    return value;
  }

  async #send(
    method: string,
    path: string,
    body: string | undefined,
    signal?: AbortSignal,
    { timeoutSeconds }: InferOptions = {},
  ): Promise<Reply> {
    signal?.throwIfAborted();
    if (!URL.canParse(this.url)) {
      throw new UserError(
        'endpoint-gone',
        `${this.#where} is no address of a model server.`,
        'Name it like http://127.0.0.1:8080.',
      );
    }
    const limit = new ChildController(signal, timeoutSeconds && timeoutSeconds * 1000);
    try {
      return await this.#exchange(method, path, body, limit.signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (limit.signal.aborted) {
        throw new UserError(
          'predict-timeout',
          `No answer from ${this.#where} in ${timeoutSeconds} s.`,
          'Try a smaller input, or allow more time.',
        );
      }
      throw new UserError(
        'endpoint-gone',
        `Nothing answers at ${this.#where}${reasonOf(error)}.`,
        'Start the endpoint again, or look at its log.',
        { cause: error },
      );
    } finally {
      limit.dispose();
    }
  }

  #exchange(
    method: string,
    path: string,
    body: string | undefined,
    signal: AbortSignal,
    again = true,
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const headers =
        body === undefined
          ? {}
          : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
      const sent = request(
        new URL(path, this.url),
        { agent: this.#agent, method, headers, signal },
        (response) => {
          readText(response).then(
            (text) => resolve({ status: response.statusCode ?? 0, body: text }),
            reject,
          );
        },
      );
      sent.once('error', (error: NodeJS.ErrnoException) => {
        // A kept connection may be closed by the other end just when it is used again, and one through a tunnel at any time. What is asked
        // here changes nothing, so that it may be asked once more.
        const cut = error.code === 'ECONNRESET' && !signal.aborted && (again || sent.reusedSocket);
        if (cut) this.#exchange(method, path, body, signal, false).then(resolve, reject);
        else reject(error);
      });
      sent.end(body);
    });
  }

  #refused({ status, body }: Reply): UserError {
    const words = serverWords(body) ?? `${this.#where} answered with status ${status}.`;
    if (status === 504)
      return new UserError('predict-timeout', words, 'Try a smaller input, or allow more time.');
    if (status === 404)
      return new UserError('predict-refused', words, 'Check the name of the model, and the address.');
    if (status === 401 || status === 403)
      return new UserError(
        'predict-refused',
        words,
        'Slipway sends no token: serve the model without SLIPWAY_TOKEN to predict from here.',
      );
    if (status >= 400 && status < 500)
      return new UserError('predict-refused', words, 'Give the model the inputs that it takes.');
    return new UserError('worker-crashed', words, "Look at the server's log.");
  }

  #strange(what: string): UserError {
    return new UserError(
      'predict-refused',
      `${this.#where} does not speak the Open Inference Protocol: ${what}.`,
      'Check the address: /v2 of a model server is asked.',
    );
  }
}

/** The protocol writes `[]` for a scalar and for a rank that the model does not state, so that says nothing. */
function specOf({ name, datatype, shape }: ModelMetadata['inputs'][number]): TensorSpec {
  return {
    name,
    type: datatype,
    datatype: isDatatype(datatype) ? datatype : undefined,
    shape: shape.length > 0 ? shape.map((size) => (size < 0 ? null : size)) : undefined,
  };
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** The words in `{"error": "…"}`. */
function serverWords(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    return typeof error === 'string' && error !== '' ? error : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ECONNREFUSED') return ': the connection was refused';
  if (code === 'ECONNRESET') return ': the connection was cut';
  return code ? ` (${code})` : '';
}
