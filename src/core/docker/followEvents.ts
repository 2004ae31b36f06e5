import type Docker from 'dockerode';
import { addAbortSignal, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { linesOf } from './lines';

const firstPause = 1000;
const longestPause = 30_000;

/** What happens to a container often and changes nothing about it. After a `kill` comes a `die`, if it works. */
const idle = /^(kill|exec_|top|resize|attach|detach|archive-path|extract-to-dir|export|health_status)/;

/**
 * Calls `changed` whenever a container with this label may have come, changed or gone, until `signal` aborts; also when the engine
 * went away and when it is back. Never rejects. `label` as in a filter: `dev.slipway.kind=endpoint`.
 */
export async function followEvents(
  docker: Docker,
  label: string,
  changed: () => void,
  signal: AbortSignal,
): Promise<void> {
  for (let pause = firstPause; !signal.aborted; pause = Math.min(pause * 2, longestPause)) {
    try {
      const options = { filters: { type: ['container'], label: [label] }, abortSignal: signal };
      const stream = (await docker.getEvents(options as Docker.GetEventsOptions)) as Readable;
      changed();
      pause = firstPause / 2;
      for await (const line of linesOf(addAbortSignal(signal, stream))) {
        if (line !== '' && !idle.test((JSON.parse(line) as { Action?: string }).Action ?? '')) changed();
      }
    } catch {
      // The engine is away, or the connection is: the next turn tells.
    }
    if (signal.aborted) return;
    if (pause < firstPause) changed();
    await sleep(Math.max(pause, firstPause), undefined, { signal, ref: false }).catch(() => undefined);
  }
}
