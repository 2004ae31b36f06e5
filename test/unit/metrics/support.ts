import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** Starts a server on the loopback address, on any port or a given one. */
export async function listen(
  listener: RequestListener,
  port = 0,
): Promise<{ url: string; port: number; server: Server; close(): Promise<void> }> {
  const server = createServer(listener).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    server,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Metrics with the names of Slipway's server, kept by the same library. */
export class ServerMetrics {
  readonly registry = new Registry();
  readonly #requests = new Counter({
    name: 'slipway_requests_total',
    help: 'Requests.',
    labelNames: ['route', 'status'],
    registers: [this.registry],
  });
  readonly #durations = new Histogram({
    name: 'slipway_request_duration_seconds',
    help: 'Durations.',
    labelNames: ['route'],
    buckets: [0.005, 0.01, 0.1],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Counts requests as if they had been answered. */
  answer(count: number, { route = 'infer', status = '200', seconds = 0.007 } = {}): void {
    this.#requests.inc({ route, status }, count);
    for (let request = 0; request < count; request++) this.#durations.observe({ route }, seconds);
  }

  readonly listener: RequestListener = (_request, response) => {
    void this.registry.metrics().then((text) => {
      response.setHeader('content-type', this.registry.contentType);
      response.end(text);
    });
  };
}

/** Waits until `condition` holds. */
export async function until(condition: () => boolean, what: string, milliseconds = 8000): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited ${milliseconds} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
