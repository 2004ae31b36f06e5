import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Traffic {
  /** Stops sending, waits for the last answers, and fails the test unless every one was right. Resolves to the answers by who gave them. */
  stop(): Promise<Record<string, number>>;
}

/**
 * A client that asks again and again, half of it on kept connections and half on new ones.
 * @param ask resolves to who answered, and rejects where the answer is wrong
 * @param pause between two pairs of requests, in milliseconds
 */
export function sendTraffic(ask: (agent: Agent | false) => Promise<string>, pause: number): Traffic {
  const kept = new Agent({ keepAlive: true, maxSockets: 16 });
  const answered: Record<string, number> = {};
  const failures: string[] = [];
  const pending = new Set<Promise<void>>();
  const send = (agent: Agent | false) => {
    const asked = ask(agent)
      .then((who) => void (answered[who] = (answered[who] ?? 0) + 1))
      .catch((error: unknown) => void failures.push(String(error)))
      .finally(() => pending.delete(asked));
    pending.add(asked);
  };
  const timer = setInterval(() => {
    send(kept);
    send(false);
  }, pause);
  // A test that fails before it stops it must not keep the process.
  timer.unref();
  return {
    stop: async () => {
      await sleep(200);
      clearInterval(timer);
      await Promise.all(pending);
      kept.destroy();
      assert.deepEqual(failures, []);
      return answered;
    },
  };
}
