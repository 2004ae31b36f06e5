import { UserError, messageOf } from '../errors';
import { MetricsSyntaxError, parseMetrics, type Families } from './parse';

/** What `/metrics` said, and when. */
export interface Scrape {
  /** Milliseconds since 1970. */
  wall: number;
  /** Milliseconds of a clock that only goes forward. */
  steady: number;
  families: Families;
}

export interface ScrapeLimits {
  /** For the whole answer. Default 3000. */
  milliseconds?: number;
  /** Of the body. Default 8 MiB. */
  bytes?: number;
}

const defaults: Required<ScrapeLimits> = { milliseconds: 3000, bytes: 8 * 1024 * 1024 };

const accept = 'text/plain;version=0.0.4, application/openmetrics-text;q=0.5, */*;q=0.1';

/**
 * Reads the metrics of a server.
 * @param url of the server, where `/metrics` is meant, or of another path with metrics
 * @throws UserError `endpoint-gone` that says why in a short sentence
 */
export async function scrape(url: string, signal: AbortSignal, limits?: ScrapeLimits): Promise<Scrape> {
  const { milliseconds, bytes } = { ...defaults, ...limits };
  const address = metricsUrl(url);
  const controller = new AbortController();
  const cancel = () => controller.abort(signal.reason);
  const late = new UserError('endpoint-gone', `${address} took longer than ${milliseconds / 1000} s.`);
  const timer = setTimeout(() => controller.abort(late), milliseconds);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    signal.throwIfAborted();
    const response = await fetch(address, { headers: { accept }, signal: controller.signal });
    const taken = { wall: Date.now(), steady: performance.now() };
    const text = await readBody(response, bytes);
    if (!response.ok) throw new UserError('endpoint-gone', `${address} answered ${response.status}.`);
    return { ...taken, families: parseMetrics(text) };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw asGone(error, address, controller.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
    controller.abort();
  }
}

function metricsUrl(url: string): string {
  const address = new URL(url);
  if (address.pathname === '/') address.pathname = '/metrics';
  return address.href;
}

async function readBody(response: Response, limit: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  for await (const chunk of response.body ?? []) {
    const bytes = chunk as Uint8Array;
    length += bytes.byteLength;
    if (length > limit) {
      throw new UserError('endpoint-gone', `${response.url} sent more than ${limit / 1024 / 1024} MiB.`);
    }
    text += decoder.decode(bytes, { stream: true });
  }
  return text + decoder.decode();
}

function asGone(error: unknown, address: string, signal: AbortSignal): UserError {
  if (error instanceof UserError) return error;
  if (signal.reason instanceof UserError) return signal.reason;
  const options = { cause: error };
  if (error instanceof MetricsSyntaxError) {
    return new UserError(
      'endpoint-gone',
      `${address} is not in Prometheus’ format: ${error.message}.`,
      undefined,
      options,
    );
  }
  const { code } = ((error as Error).cause ?? {}) as { code?: string };
  const reasons: Record<string, string> = {
    ECONNREFUSED: 'Nothing listens at',
    ECONNRESET: 'The connection was closed by',
    UND_ERR_SOCKET: 'The connection was closed by',
    ENOTFOUND: 'There is no such host:',
  };
  const reason = reasons[code ?? ''];
  const message = reason ? `${reason} ${address}` : `${address} did not answer: ${code ?? messageOf(error)}`;
  return new UserError('endpoint-gone', `${message}.`, undefined, options);
}
