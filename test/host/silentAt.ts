import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskContext } from '../../src/core/task';
import { silence, type FakeEngine } from './fakeEngine';

/** How long somebody who cancels may wait, in milliseconds: what is taken back has 2 s, and this machine may be busy. */
const SOON = 4_000;

/** A task that somebody can cancel. */
export interface Cancellable extends TaskContext {
  reports: string[];
  cancel: () => void;
}

export function cancellable(): Cancellable {
  const controller = new AbortController();
  const reports: string[] = [];
  const report = (words: string) => void reports.push(words);
  return { signal: controller.signal, reports, report, cancel: () => controller.abort() };
}

/** Does some work, which is cancelled as soon as it asks an engine for a path that never answers. Fails unless that ends it soon. */
export async function endsSoon(
  engine: FakeEngine,
  path: string,
  work: (task: Cancellable) => Promise<unknown>,
): Promise<Cancellable> {
  const task = cancellable();
  const asked = new Promise<void>((resolve) => {
    engine.answers[path] = () => {
      setTimeout(task.cancel);
      resolve();
      return silence;
    };
  });
  const ended = work(task).then(
    () => assert.fail('It was not cancelled.'),
    (error: unknown) => error as Error,
  );
  await Promise.race([asked, ended]);
  const error = await Promise.race([ended, sleep(SOON, new Error('It does not end.'))]);
  assert.equal(error.name, 'AbortError', error.message);
  return task;
}
