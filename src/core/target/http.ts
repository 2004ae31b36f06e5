import { request } from 'node:http';

/** How long an answer may take, in milliseconds. */
const ANSWER_MS = 2_000;

export interface Answer {
  status: number;
  body: string;
}

/** GETs on a connection of its own: what answers is what a new client would meet. Undefined when nothing answers. */
export function get(url: string, signal: AbortSignal): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, signal, timeout: ANSWER_MS }, (incoming) => {
      let body = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => (body += chunk));
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body }));
      incoming.on('error', () => resolve(undefined));
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => {
      if (signal.aborted) reject(signal.reason as Error);
      else resolve(undefined);
    });
    outgoing.end();
  });
}

/** Whether a model server says that it is ready. */
export async function answersReady(url: string, signal: AbortSignal): Promise<boolean> {
  return (await get(`${url}/v2/health/ready`, signal))?.status === 200;
}
