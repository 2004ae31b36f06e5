import { request } from 'node:http';
import { ChildController } from '../childController';

/** What a server says when it is asked whether it predicts with a model. */
export type Probe =
  | { answer: 'ready' }
  /** It runs and does not predict; `detail` says why, in a sentence. */
  | { answer: 'not-ready'; detail: string }
  /** Nothing listens there. */
  | { answer: 'nothing'; detail: string }
  /** It is the server of something else. */
  | { answer: 'stranger'; detail: string };

/** How long a server may take to answer, in milliseconds. */
const patience = 2000;

/** Asks a model server whether it predicts. Rejects only when `signal` aborts. */
export async function probe(url: string, model: string, signal: AbortSignal): Promise<Probe> {
  const limit = new ChildController(signal, patience);
  try {
    const { status, body } = await get(`${url}/v2/models/${encodeURIComponent(model)}/ready`, limit.signal);
    if (status === 200) return { answer: 'ready' };
    const detail = serverWords(body) ?? `It answers with status ${status}.`;
    return { answer: status >= 500 ? 'not-ready' : 'stranger', detail };
  } catch {
    signal.throwIfAborted();
    if (limit.signal.aborted)
      return { answer: 'not-ready', detail: `It does not answer within ${patience / 1000} seconds.` };
    return { answer: 'nothing', detail: `Nothing answers at ${url}.` };
  } finally {
    limit.dispose();
  }
}

function get(url: string, signal: AbortSignal): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    // No agent: nothing stays open between two probes.
    const sent = request(url, { agent: false, signal }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (piece: string) => (body += piece));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body })).once('error', reject);
    });
    sent.once('error', reject).end();
  });
}

function serverWords(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    return typeof error === 'string' && error !== '' ? error : undefined;
  } catch {
    return undefined;
  }
}
