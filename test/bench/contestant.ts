import type { ServerProcess } from './process';

/** What a server is asked over HTTP, and how its answer is told from a wrong one. */
export interface Question {
  url: string;
  headers: Record<string, string>;
  body: string | Buffer;
  /** Throws with what is wrong about the answer. */
  verify(answer: Answer): void;
}

export interface Answer {
  headers: Headers;
  body: Buffer;
}

/** A server that is up. Every question is asked before it is measured with the first. */
export interface Running {
  process: ServerProcess;
  questions: [Question, ...Question[]];
}

/** A server that takes part in a measurement. */
export interface Contestant {
  name: string;
  /** Starts it in a folder of its own; rejects with the reason why it can not take part. */
  start(folder: string): Promise<Running>;
}

export const json = { 'content-type': 'application/json' };

const patience = 30_000;

/** The answer to a question; undefined when nobody listens, the server refuses it or takes longer than 30 s. */
export async function ask({ url, headers, body }: Question): Promise<Answer | undefined> {
  const signal = AbortSignal.timeout(patience);
  const response = await fetch(url, { method: 'POST', headers, body, signal }).catch(() => undefined);
  const answer = response && Buffer.from(await response.arrayBuffer());
  return response?.ok && answer ? { headers: response.headers, body: answer } : undefined;
}

/** Holds every answer against what the model gives. */
export async function examine({ questions }: Running): Promise<void> {
  for (const question of questions) {
    const answer = await ask(question);
    if (!answer) throw new Error('it refuses a question');
    question.verify(answer);
  }
}
