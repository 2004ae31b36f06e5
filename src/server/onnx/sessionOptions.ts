import type { InferenceSession } from 'onnxruntime-node';
import { cores, usableCores } from '../processors';
import type { SessionOptions } from '../worker/frames';

/**
 * Threads that spin until the next operator comes, or the next request of a short model, make a run up to a third faster: to wake them
 * takes longer than many an operator does. Any longer, they take processors from who reads requests and writes answers.
 */
const extra = { session: { intra_op: { allow_spinning: '1', spin_duration_us: '100' } } };

/**
 * As many threads as there are cores. Where onnxruntime counts them itself, it ties each to a core, where it waits for whatever else the
 * system runs on that one; so it does that only where nobody else can count them.
 */
function allThreads(): number | undefined {
  return cores() && usableCores();
}

/** The options as onnxruntime takes them. */
export function sessionOptions({
  intraOpThreads: threads = allThreads(),
  graphOptimization,
  executionProviders,
}: SessionOptions): InferenceSession.SessionOptions {
  return {
    ...(threads !== undefined && { intraOpNumThreads: threads }),
    ...(graphOptimization && { graphOptimizationLevel: graphOptimization }),
    ...(executionProviders && { executionProviders }),
    extra,
  };
}
