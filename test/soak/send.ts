import { Agent, request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';

export interface Reply {
  status: number;
  headers: IncomingMessage['headers'];
  /** Unpacked. */
  body: Buffer;
  /** Length of the body as it came. */
  bytes: number;
}

export interface Sending {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  agent: Agent;
  /** How long the answer may take. */
  seconds: number;
  /** Writes the body in a way of its own; it need not end it. */
  write?: (request: ClientRequest) => void;
  /** Reads the answer in pieces with pauses. */
  readsSlowly?: boolean;
}

/** Between two pieces of an answer, in milliseconds. */
const readingPause = 20;

/** No answer came in time. */
export class Hung extends Error {}

/** Sends a request once, without trying again, and reads the answer. */
export function send(url: string, sending: Sending): Promise<Reply> {
  const { method = 'POST', headers = {}, body, agent, seconds, write, readsSlowly } = sending;
  return new Promise((resolve, reject) => {
    const length = body === undefined || write ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const sent = request(url, { method, agent, headers: { ...headers, ...length } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (!readsSlowly) return;
        response.pause();
        setTimeout(() => response.resume(), readingPause);
      });
      response.once('error', fail);
      response.once('end', () => {
        clearTimeout(timer);
        const whole = Buffer.concat(chunks);
        const packed = response.headers['content-encoding'] === 'gzip';
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: packed ? gunzipSync(whole) : whole,
          bytes: whole.length,
        });
        if (!sent.writableEnded) sent.destroy();
      });
    });
    const timer = setTimeout(() => sent.destroy(new Hung(`no answer in ${seconds} s`)), seconds * 1000);
    const fail = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    sent.on('error', fail);
    if (write) write(sent);
    else sent.end(body);
  });
}
