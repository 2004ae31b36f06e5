import { setTimeout as sleep } from 'node:timers/promises';
import { ChildController } from '../childController';
import { InferenceClient } from '../inference/client';
import type { Tensor } from '../inference/tensor';
import { isCancellation, messageOf } from '../errors';
import type { Release } from '../target/target';
import type { TaskContext } from '../task';
import { VerifyError } from './verify';

/** A short load before a candidate gets traffic. */
export interface LoadOptions {
  seconds: number;
  /** How many requests are on their way at the same time. */
  connections: number;
  /** What 95 of 100 answers may take, in milliseconds. */
  maxP95Ms: number;
}

/**
 * Predicts with these inputs, in turn, as fast as the release answers. Resolves to what was seen, in words.
 * @throws VerifyError when a prediction fails, or too many take too long
 */
export async function loadTest(
  release: Release,
  inputs: Tensor[][],
  { seconds, connections, maxP95Ms }: LoadOptions,
  task: TaskContext,
): Promise<string> {
  task.report(`${connections} connections for ${seconds} s`);
  const client = new InferenceClient(release.url ?? '', release.model.name);
  const taken: number[] = [];
  const end = performance.now() + seconds * 1000;
  let next = 0;
  const send = async (signal: AbortSignal) => {
    while (performance.now() < end) {
      signal.throwIfAborted();
      const tensors = inputs[next++ % inputs.length] ?? [];
      taken.push((await client.infer(tensors, signal)).milliseconds);
      // A client that answers itself at once would hold up everything else.
      if (taken.length % 100 === 0) await sleep(0);
    }
  };
  const name = `Revision ${release.revision} of ${release.model.name}`;
  try {
    await atOnce(connections, send, task.signal);
  } catch (error) {
    if (isCancellation(error, task.signal)) throw error;
    throw new VerifyError(
      `${name} fails under load, after ${taken.length} answers: ${messageOf(error)}`,
      [],
      {
        cause: error,
      },
    );
  }
  taken.sort((a, b) => a - b);
  const p95 = taken[Math.ceil(taken.length * 0.95) - 1] ?? NaN;
  const seen = `${Math.round(taken.length / seconds)} predictions/s, p95 ${p95.toPrecision(2)} ms`;
  if (p95 > maxP95Ms) throw new VerifyError(`${name} is too slow: ${seen}; ${maxP95Ms} ms are allowed.`);
  return seen;
}

/** Runs so many at the same time. The first that fails ends the others; its error is thrown once all have ended. */
async function atOnce(
  count: number,
  run: (signal: AbortSignal) => Promise<void>,
  parent: AbortSignal,
): Promise<void> {
  const end = new ChildController(parent);
  // Of several reasons an abort keeps the first.
  const runs = Array.from({ length: count }, () =>
    run(end.signal).catch((error: unknown) => end.abort(error)),
  );
  await Promise.all(runs);
  end.dispose();
  end.signal.throwIfAborted();
}
