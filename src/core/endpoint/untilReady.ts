import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors';
import { InferenceClient } from '../inference/client';

/** How long a server may take until it predicts, in milliseconds: a little more than it gives itself to load a model. */
const patience = 130_000;
const pause = 10;

/**
 * Resolves to the address of a server once it predicts: it says that it is ready, and answers what it serves.
 * @param where tells its address, or undefined while it has none; throws when the server has ended
 */
export async function untilReady(
  model: string,
  where: () => Promise<string | undefined> | string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const deadline = Date.now() + patience;
  for (;;) {
    signal.throwIfAborted();
    const url = await where();
    if (url !== undefined) {
      const client = new InferenceClient(url, model);
      if (await client.ready(signal)) {
        await client.metadata(signal);
        return url;
      }
    }
    if (Date.now() > deadline) throw late(model, url);
    await sleep(pause, undefined, { signal });
  }
}

function late(model: string, url: string | undefined): UserError {
  return new UserError(
    'endpoint-not-ready',
    `The server of ${model} runs, but did not answer at ${url ?? 'any address'} within ${patience / 1000} seconds.`,
    'Look at its log. An engine on another machine or in a container of its own publishes where this editor can not reach it.',
  );
}
