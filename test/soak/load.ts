import { Agent } from 'node:http';
import { binaryRequest, jsonRequest, readAnswer } from '../conformance/ask';
import type { Named } from '../conformance/ask';
import { difference } from '../conformance/compare';
import { startServer } from '../unit/server/support/serverProcess';
import { ownAnswers } from './ownAnswers';
import { send } from './send';
import { randomFrom } from './subjects';
import type { Subject } from './subjects';

export interface LoadResult {
  asked: number;
  /** What was wrong, the first ones in words. */
  wrong: number;
  words: string[];
  seconds: number;
}

/** Rows that run together are added up in another order than rows that run alone. */
export const rounding = { rtol: 1e-5, atol: 1e-6 };

/** How an answer differs from what the model itself answers; undefined when it does not. */
export function unlike(got: Named[], expected: Named[]): string | undefined {
  if (got.map(({ name }) => name).join() !== expected.map(({ name }) => name).join())
    return `outputs ${got.map(({ name }) => name).join(', ')}`;
  for (const [index, output] of expected.entries()) {
    const words = difference(got[index] as Named, output, rounding);
    if (words) return `"${output.name}": ${words}`;
  }
  return undefined;
}

/** Asks so many different questions over so many connections and compares each answer with the model's own. */
export async function rightUnderLoad(
  subject: Subject,
  asked: number,
  connections: number,
): Promise<LoadResult> {
  const random = randomFrom(asked);
  const requests = Array.from({ length: asked }, () => subject.inputs(random));
  const answers = await ownAnswers(subject.model, requests);
  const server = await startServer(subject.model);
  const url = `${server.url}/v2/models/${subject.name}/infer`;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const words: string[] = [];
  let wrong = 0;
  let next = 0;
  const client = async () => {
    while (next < asked) {
      const index = next++;
      const inputs = requests[index] as Named[];
      const problem = await ask(url, inputs, answers[index] as Named[], index % 3 === 0, agent).catch(String);
      if (problem === undefined) continue;
      wrong++;
      if (words.length < 5) words.push(`request ${index}: ${problem}`);
    }
  };
  const started = performance.now();
  try {
    await Promise.all(Array.from({ length: connections }, client));
    return { asked, wrong, words, seconds: (performance.now() - started) / 1000 };
  } finally {
    agent.destroy();
    await server.stop();
  }
}

async function ask(url: string, inputs: Named[], expected: Named[], binary: boolean, agent: Agent) {
  const sent = binary ? binaryRequest(inputs) : jsonRequest(inputs);
  const { status, headers, body } = await send(url, { ...sent, agent, seconds: 30 });
  const head = headers['inference-header-content-length'];
  return unlike(readAnswer(status, body, typeof head === 'string' ? head : null), expected);
}
