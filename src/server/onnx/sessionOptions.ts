import type { InferenceSession } from 'onnxruntime-node';
import type { SessionOptions } from '../worker/frames';

/**
 * Threads that spin until the next operator comes, or the next request, make a run up to a third faster: to wake them takes longer than
 * many an operator does. After a millisecond they leave the processors to others, which by themselves they do later.
 */
const extra = { session: { intra_op: { allow_spinning: '1', spin_duration_us: '1000' } } };

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
