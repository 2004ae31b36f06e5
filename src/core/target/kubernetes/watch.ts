import { setTimeout as sleep } from 'node:timers/promises';
import { ChildController } from '../../childController';
import { apiStatusOf } from './clusterErrors';
import type { NamespaceApi } from './namespaceApi';
import type { Kind } from './objects';

/** How long the cluster shall hold a connection, in seconds, and how much longer one is trusted that it does not end, in milliseconds. */
const HELD_SECONDS = 240;
const TRUST_MS = 15_000;
/** How long to wait before a cluster that is away is asked again, in milliseconds: twice as long each time. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;

/** The version is too old to be watched from. */
const GONE = 410;

/**
 * Calls `changed` whenever objects with these labels may have come, changed or gone, until `signal` aborts. A connection that ends is made
 * again from where it was. Resolves before where one of the kinds may not be watched.
 */
export async function watchKinds(
  api: NamespaceApi,
  kinds: Kind[],
  labels: Record<string, string>,
  changed: () => void,
  signal: AbortSignal,
): Promise<void> {
  const end = new ChildController(signal);
  // Of what is seen in part, the rest would be missed.
  await Promise.all(
    kinds.map((kind) => follow(api, kind, labels, changed, end.signal).finally(() => end.abort())),
  );
  end.dispose();
}

async function follow(
  api: NamespaceApi,
  kind: Kind,
  labels: Record<string, string>,
  changed: () => void,
  signal: AbortSignal,
): Promise<void> {
  let seen: string | undefined;
  for (let pause = FIRST_PAUSE; !signal.aborted;) {
    const began = performance.now();
    const held = new ChildController(signal, HELD_SECONDS * 1000 + TRUST_MS);
    try {
      if (seen === undefined) {
        seen = await api.version(kind, labels, signal);
        changed();
      }
      const from = { resourceVersion: seen, seconds: HELD_SECONDS };
      for await (const { type, object } of api.watch(kind, labels, from, held.signal)) {
        if (type === 'ERROR') {
          if (object.code === GONE) seen = undefined;
          break;
        }
        seen = object.metadata?.resourceVersion ?? seen;
        if (type !== 'BOOKMARK') changed();
      }
    } catch (error) {
      const status = apiStatusOf(error);
      if (status === 403 || status === 404 || status === 405) return;
      if (status === GONE) seen = undefined;
    } finally {
      held.dispose();
    }
    // A connection that held is no sign that the next one does not.
    if (performance.now() - began > pause) pause = FIRST_PAUSE;
    await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}
