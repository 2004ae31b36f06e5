import type { IncomingMessage } from 'node:http';
import { request as httpRequest, type Agent } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { ChildController } from '../../childController';
import { shownAddress } from '../../secrets';
import { ApiError, loginError } from './clusterErrors';
import type { KubeContext } from './kubeconfig';

/** How long what the kubeconfig says about the user is used until it is read anew, in milliseconds. */
const LOGIN_MS = 60_000;
/** How long an answer may take, in milliseconds. */
const ANSWER_MS = 30_000;

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface ApiRequest {
  query?: Record<string, string>;
  body?: unknown;
  /** Default `application/json`. */
  contentType?: string;
  /** Default `application/json`. */
  accept?: string;
  signal: AbortSignal;
}

/** The API of a cluster over HTTP, as whom the kubeconfig says. Answers other than 2xx throw {@link ApiError}. */
export class ClusterConnection {
  #login: { options: RequestOptions; until: number } | undefined;

  constructor(readonly context: KubeContext) {}

  /** Resolves to what the API answers, parsed. */
  async send<T>(method: Method, path: string, request: ApiRequest): Promise<T> {
    try {
      return await this.#send<T>(method, path, request);
    } catch (error) {
      // A token may have expired since it was read.
      if (!(error instanceof ApiError) || error.status !== 401 || !this.#login) throw error;
      this.#forget();
      return this.#send<T>(method, path, request);
    }
  }

  /** The body of an answer in pieces, as long as the API sends some. */
  async *stream(path: string, { query, signal }: ApiRequest): AsyncGenerator<Buffer> {
    const answer = await this.#open('GET', path, { query, signal });
    if (!isFine(answer)) throw apiError('GET', path, answer, await textOf(answer));
    try {
      for await (const piece of answer) yield piece as Buffer;
    } finally {
      answer.destroy();
    }
  }

  dispose(): void {
    this.#forget();
  }

  async #send<T>(method: Method, path: string, request: ApiRequest): Promise<T> {
    const answer = await this.#open(method, path, request);
    const text = await textOf(answer);
    if (!isFine(answer)) throw apiError(method, path, answer, text);
    try {
      return (text === '' ? undefined : JSON.parse(text)) as T;
    } catch (error) {
      const where = shownAddress(this.context.server);
      throw new Error(`what answers at ${where} is no Kubernetes API`, { cause: error });
    }
  }

  async #open(method: Method, path: string, request: ApiRequest): Promise<IncomingMessage> {
    const {
      query = {},
      body,
      contentType = 'application/json',
      accept = 'application/json',
      signal,
    } = request;
    const url = new URL(this.context.server.replace(/\/$/, '') + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const login = await this.#loginOptions();
    signal.throwIfAborted();
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      accept,
      ...(text !== undefined && { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }),
      ...(login.headers as Record<string, string>),
    };
    return new Promise((resolve, reject) => {
      const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
      // Of one's own: many requests may listen to one signal at the same time.
      const own = new ChildController(signal);
      const sent = send(url, { ...login, method, headers, signal: own.signal }, (answer) => {
        sent.setTimeout(0);
        resolve(answer);
      });
      sent.setTimeout(ANSWER_MS, () => sent.destroy(new Error('the cluster does not answer in time')));
      sent.on('error', (error: NodeJS.ErrnoException) => {
        // The API may close a connection that was kept just when it is used again. What only reads is asked anew.
        const isStale = sent.reusedSocket && error.code === 'ECONNRESET' && !signal.aborted;
        if (isStale && method === 'GET') resolve(this.#open(method, path, request));
        else reject(error);
      });
      sent.once('close', () => own.dispose());
      sent.end(text);
    });
  }

  async #loginOptions(): Promise<RequestOptions> {
    if (this.#login && this.#login.until > Date.now()) return this.#login.options;
    this.#forget();
    const options: RequestOptions = {};
    try {
      await this.context.config.applyToHTTPSOptions(options);
    } catch (error) {
      throw loginError(error);
    }
    // Without it, each request makes a connection of its own.
    const agent = options.agent as Agent & { keepAlive: boolean };
    agent.keepAlive = true;
    this.#login = { options, until: Date.now() + LOGIN_MS };
    return options;
  }

  #forget(): void {
    const agent = this.#login?.options.agent as Agent | undefined;
    this.#login = undefined;
    // Requests that run keep their sockets until they end.
    for (const sockets of Object.values(agent?.freeSockets ?? {})) {
      for (const socket of sockets ?? []) socket.destroy();
    }
  }
}

function isFine({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

/** What the API says about a refusal. */
interface StatusBody {
  message?: string;
  reason?: string;
  details?: { kind?: string; name?: string; causes?: { message?: string; field?: string }[] };
}

function apiError(method: Method, path: string, { statusCode = 0 }: IncomingMessage, text: string): ApiError {
  const said = statusIn(text);
  const message = said.message || `status ${String(statusCode)}`;
  return new ApiError(statusCode, said.reason, message, { method, path });
}

/** A proxy before the API may answer in other words. */
function statusIn(text: string): StatusBody {
  try {
    return JSON.parse(text) as StatusBody;
  } catch {
    return { message: text.slice(0, 200).trim() };
  }
}
