import { fork } from 'node:child_process';
import { resolve } from 'node:path';
import type { Named } from '../conformance/ask';

/** What goes to and from the process that asks the runtime. */
export interface Question {
  model: string;
  requests: Named[][];
}

/** What onnxruntime itself answers to each request, run alone; in a process of its own, before anything is under load. */
export function ownAnswers(model: string, requests: Named[][]): Promise<Named[][]> {
  const child = fork(resolve('test/soak/ownAnswersProcess.ts'), [], {
    execArgv: ['--import', 'tsx'],
    serialization: 'advanced',
    env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
  });
  return new Promise((done, fail) => {
    child.once('message', (answers) => done(answers as Named[][]));
    child.once('error', fail);
    child.once('exit', (code) => fail(new Error(`the process that asks the runtime exited with ${code}`)));
    child.send({ model, requests } satisfies Question);
  });
}
