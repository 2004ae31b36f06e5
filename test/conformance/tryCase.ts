import { join } from 'node:path';
import { messageOf } from '../../src/core/errors';
import { startServer } from '../unit/server/support/serverProcess';
import type { TestServer } from '../unit/server/support/serverProcess';
import { ask, NoAnswer, Refusal } from './ask';
import type { Way } from './ask';
import { readDataSets } from './cases';
import type { Case, DataSet } from './cases';
import { difference } from './compare';

/** `refused`: with a reason in words; `ended`: the server ended or did not answer. */
export interface Outcome {
  result: 'passed' | 'refused' | 'wrong' | 'ended';
  detail: string;
}

export type Outcomes = Record<Way, Outcome>;

const startSeconds = 60;

/** Serves a case's model and asks for each of its data sets in both ways. */
export async function tryCase(one: Case): Promise<Outcomes> {
  let server: TestServer;
  try {
    server = await within(startSeconds, startServer(join(one.folder, 'model.onnx'), '--name', 'model'));
  } catch (error) {
    const detail = messageOf(error);
    const outcome: Outcome = /^(it exited|no start in .*|)$/.test(detail)
      ? { result: 'ended', detail }
      : { result: 'refused', detail };
    return { JSON: outcome, binary: outcome };
  }
  try {
    const sets = await readDataSets(one);
    return {
      JSON: await tryWay(server, one, sets, 'JSON'),
      binary: await tryWay(server, one, sets, 'binary'),
    };
  } catch (error) {
    const outcome: Outcome = { result: 'wrong', detail: `its test data: ${messageOf(error)}` };
    return { JSON: outcome, binary: outcome };
  } finally {
    server.process.kill('SIGKILL');
  }
}

async function tryWay(server: TestServer, { tolerance }: Case, sets: DataSet[], way: Way): Promise<Outcome> {
  const model = `${server.url}/v2/models/model`;
  try {
    for (const { inputs, outputs } of sets) {
      const answer = await ask(model, inputs, way);
      if (answer.length < outputs.length)
        return { result: 'wrong', detail: `${answer.length} outputs instead of ${outputs.length}` };
      for (const [index, expected] of outputs.entries()) {
        const got = answer[index];
        if (got?.name !== expected.name)
          return { result: 'wrong', detail: `output ${index} is "${got?.name}"` };
        const detail = difference(got, expected, tolerance);
        if (detail) return { result: 'wrong', detail: `"${expected.name}": ${detail}` };
      }
    }
    return { result: 'passed', detail: '' };
  } catch (error) {
    if (error instanceof NoAnswer) return { result: 'wrong', detail: error.message };
    // A server that refuses is still there, and can still predict.
    if (error instanceof Refusal && (await ready(server)))
      return { result: 'refused', detail: error.message };
    return { result: 'ended', detail: messageOf(error) };
  }
}

async function ready(server: TestServer): Promise<boolean> {
  for (let tries = 0; tries < 20; tries++) {
    const reply = await server
      .fetch('/v2/health/ready', { signal: AbortSignal.timeout(5000) })
      .catch(() => undefined);
    if (reply?.status === 200) return true;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return false;
}

async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no start in ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
