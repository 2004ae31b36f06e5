import type Docker from 'dockerode';
import { addAbortSignal, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { linesOf } from './lines';

/** How long to wait before an engine that is away is tried again, in milliseconds: twice as long each time. */
const firstPause = 1000;
const longestPause = 30_000;
/** An engine tells of a container's end before its list knows: when to look after an event, in milliseconds. */
const looks = [200, 1000];

/** What happens to a container often and changes nothing about it. A `kill` may be how it is told to read its files anew. */
const idle = /^(exec_|top|resize|attach|detach|archive-path|extract-to-dir|export|health_status)/;

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
  const later = laterOn(changed, signal);
  for (let pause = firstPause; !signal.aborted; pause = Math.min(pause * 2, longestPause)) {
    try {
      const options = { filters: { type: ['container'], label: [label] }, abortSignal: signal };
      const stream = (await docker.getEvents(options as Docker.GetEventsOptions)) as Readable;
      changed();
      pause = firstPause / 2;
      for await (const line of linesOf(addAbortSignal(signal, stream))) {
        if (line !== '' && !idle.test((JSON.parse(line) as { Action?: string }).Action ?? '')) later();
      }
    } catch {
      // The engine is away, or the connection is: the next turn tells.
    }
    const wasThere = pause < firstPause;
    if (wasThere && !signal.aborted) changed();
    await sleep(Math.max(pause, firstPause), undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** Calls `look` a little later, and once more, however many events come in between. */
function laterOn(look: () => void, signal: AbortSignal): () => void {
  const waiting = new Map<number, NodeJS.Timeout>();
  signal.addEventListener('abort', () => waiting.forEach((timer) => clearTimeout(timer)), { once: true });
  return () => {
    for (const delay of looks) {
      clearTimeout(waiting.get(delay));
      waiting.set(delay, setTimeout(look, delay).unref());
    }
  };
}
