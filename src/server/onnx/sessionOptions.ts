import type { InferenceSession } from 'onnxruntime-node';
import type { SessionOptions } from '../worker/frames';

/**
 * Threads that spin until the next operator comes make a run up to a quarter faster: for that, the first microseconds are what counts.
 * Any longer, they take processors away from others on a busy machine, or where a container may use fewer than there are.
 */
const brief = { extra: { session: { intra_op: { allow_spinning: '1', spin_duration_us: '10' } } } };

/** The options as onnxruntime takes them; it spins for as long as it likes where nobody says otherwise. */
export function sessionOptions({
  intraOpThreads,
  spin,
  graphOptimization,
  executionProviders,
}: SessionOptions): InferenceSession.SessionOptions {
  return {
    ...(intraOpThreads !== undefined && { intraOpNumThreads: intraOpThreads }),
    ...(graphOptimization && { graphOptimizationLevel: graphOptimization }),
    ...(executionProviders && { executionProviders }),
    ...(!spin && brief),
  };
}
