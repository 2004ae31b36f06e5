import assert from 'node:assert/strict';
import { sessionOptions } from '../../../src/server/onnx/sessionOptions';
import { cores, processors } from '../../../src/server/processors';

describe('the options of a session', () => {
  const extra = { session: { intra_op: { allow_spinning: '1', spin_duration_us: '100' } } };

  it('let threads spin for a while, one for each core where the system tells of them', () => {
    const all = cores();
    const counted = all && { intraOpNumThreads: Math.min(all, processors()) };
    assert.deepEqual(sessionOptions({}), { ...counted, extra });
  });

  it('are as somebody says, in the words of onnxruntime', () => {
    assert.deepEqual(
      sessionOptions({
        intraOpThreads: 2,
        graphOptimization: 'basic',
        executionProviders: ['cuda', 'cpu'],
      }),
      {
        intraOpNumThreads: 2,
        graphOptimizationLevel: 'basic',
        executionProviders: ['cuda', 'cpu'],
        extra,
      },
    );
  });
});
