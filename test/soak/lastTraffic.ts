import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { jsonRequest, readAnswer } from '../conformance/ask';
import type { Named } from '../conformance/ask';
import { startServer } from '../unit/server/support/serverProcess';
import { unlike } from './load';
import { ownAnswers } from './ownAnswers';
import { send } from './send';
import { randomFrom } from './subjects';
import type { Subject } from './subjects';

export interface Stopped {
  answered: number;
  /** Requests that were sent before the server was told to stop, and answered after that. */
  finished: number;
  /** Requests that came too late. */
  turnedAway: number;
  problems: string[];
}

const clients = 16;
const requests = 100;
const seconds = 1.5;
const answerSeconds = 30;

/**
 * Sends SIGTERM to a server that is asked by many. What was sent before that must be answered, and rightly; what is sent after that is answered
 * rightly too, or the connection is refused.
 */
export async function stopUnderTraffic(subject: Subject): Promise<Stopped> {
  const random = randomFrom(7);
  const { model, answers = (all: Named[][]) => ownAnswers(model, all) } = subject;
  const inputs = Array.from({ length: requests }, () => subject.inputs(random));
  const outputs = await answers(inputs);
  const server = await startServer(model, ...(subject.args ?? []));
  const url = `${server.url}/v2/models/${subject.name}/infer`;
  const stopped: Stopped = { answered: 0, finished: 0, turnedAway: 0, problems: [] };
  let told = Infinity;
  const client = async (index: number) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let at = index; ; at = (at + clients) % requests) {
      const started = performance.now();
      try {
        const sent = jsonRequest(inputs[at] as Named[]);
        const { status, body } = await send(url, { ...sent, agent, seconds: answerSeconds });
        stopped.answered++;
        if (started < told && performance.now() > told) stopped.finished++;
        const wrong = unlike(readAnswer(status, body, null), outputs[at] as Named[]);
        if (wrong) stopped.problems.push(wrong);
      } catch (error) {
        if (started < told) stopped.problems.push(`sent before it was to stop: ${String(error)}`);
        else if (!isRefusal(error)) stopped.problems.push(String(error));
        else stopped.turnedAway++;
        break;
      }
    }
    agent.destroy();
  };
  const traffic = Promise.all(Array.from({ length: clients }, (_, index) => client(index)));
  await sleep(seconds * 1000);
  told = performance.now();
  const code = await server.stop();
  if (code !== 0) stopped.problems.push(`the server exited with ${code}`);
  await traffic;
  return stopped;
}

/** Nobody listens any more, or the connection was closed before the request was read. */
function isRefusal(error: unknown): boolean {
  return ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '');
}
