import { createHash, timingSafeEqual } from 'node:crypto';
import { Failure } from '../failure';
import type { Exchange } from './exchange';

/** Who may ask. */
export interface AccessOptions {
  /** Asked for as `Authorization: Bearer …`, except for health. */
  token?: string;
  /** Origins whose pages may read answers: `https://app.example.org`, or `*` for all. */
  corsOrigins: string[];
}

/** Checks who asks before anything is done for them. */
export class Access {
  readonly #token: Buffer | undefined;

  constructor(private readonly options: AccessOptions) {
    this.#token = options.token ? digest(options.token) : undefined;
  }

  /** Answers a browser that asks whether a page may send a request; whether it was that. */
  preflight(exchange: Exchange): boolean {
    const { method, headers } = exchange.request;
    if (!this.#allowOrigin(exchange) || method !== 'OPTIONS') return false;
    exchange.send(204, 'text/plain', '', {
      'Access-Control-Allow-Methods': 'GET, HEAD, POST',
      'Access-Control-Allow-Headers': headers['access-control-request-headers'] ?? '*',
      'Access-Control-Max-Age': '3600',
    });
    return true;
  }

  /** Throws `Failure` 401 when a token is asked for and not sent; what only asks for health needs none. */
  check({ request, route }: Exchange): void {
    if (!this.#token || route === 'health') return;
    const [, given] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    // Digests have one length, so that the comparison takes one time.
    if (given !== undefined && timingSafeEqual(digest(given), this.#token)) return;
    throw new Failure(401, 'This server asks for a token: send "Authorization: Bearer TOKEN".', {
      'WWW-Authenticate': 'Bearer',
    });
  }

  #allowOrigin(exchange: Exchange): boolean {
    const { origin } = exchange.request.headers;
    const { corsOrigins } = this.options;
    if (corsOrigins.length > 0 && !corsOrigins.includes('*')) exchange.vary('Origin');
    if (!origin || !(corsOrigins.includes('*') || corsOrigins.includes(origin))) return false;
    exchange.setHeader('Access-Control-Allow-Origin', corsOrigins.includes('*') ? '*' : origin);
    exchange.setHeader(
      'Access-Control-Expose-Headers',
      'Inference-Header-Content-Length, X-Request-Id, Retry-After',
    );
    return true;
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
