import type { InferenceSession } from 'onnxruntime-node';
import type { SessionOptions } from '../worker/frames';

/**
 * Threads that spin until the next operator comes, or the next request of a short model, make a run up to a third faster: to wake them
 * takes longer than many an operator does. Any longer, they take processors from who reads requests and writes answers.
 */
const extra = { session: { intra_op: { allow_spinning: '1', spin_duration_us: '100' } } };

/** The options as onnxruntime takes them. */
export function sessionOptions({
  intraOpThreads,
  graphOptimization,
  executionProviders,
}: SessionOptions): InferenceSession.SessionOptions {
  return {
    ...(intraOpThreads !== undefined && { intraOpNumThreads: intraOpThreads }),
    ...(graphOptimization && { graphOptimizationLevel: graphOptimization }),
    ...(executionProviders && { executionProviders }),
    extra,
  };
}
