import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors';
import { answersReady } from './http';

/** How long a server may take to load its model, in seconds. */
export const LOAD_SECONDS = 150;
/** How long a release may take until it is ready, in milliseconds: what looks after its server says before that when it is over. */
const READY_MS = LOAD_SECONDS * 1000 + 10_000;
const POLL_MS = 100;
/** How often to ask whether it ended, in milliseconds. */
const LOOK_MS = 1_000;

/**
 * Resolves when a release predicts. `name` is for people: `Revision 3 of iris`.
 * @param ended Says why it can not become ready any more; undefined while it still can.
 * @throws UserError `endpoint-not-ready` when it ended or took too long.
 */
export async function untilReady(
  release: { name: string; url: string | undefined },
  signal: AbortSignal,
  ended: () => Promise<string | undefined>,
): Promise<void> {
  const { name, url } = release;
  if (!url) throw notReady(`${name} does not run.`);
  const deadline = Date.now() + READY_MS;
  let look = Date.now() + LOOK_MS;
  while (!(await answersReady(url, signal))) {
    if (Date.now() > look) {
      const why = await ended();
      if (why) throw notReady(`${name} does not start. ${why}`);
      look = Date.now() + LOOK_MS;
    }
    if (Date.now() > deadline) throw notReady(`${name} was not ready after ${String(READY_MS / 1000)} s.`);
    await sleep(POLL_MS, undefined, { signal });
  }
}

function notReady(message: string): UserError {
  return new UserError('endpoint-not-ready', message, 'Look at its log for the reason.');
}
