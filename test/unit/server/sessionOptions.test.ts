import assert from 'node:assert/strict';
import { sessionOptions } from '../../../src/server/onnx/sessionOptions';

describe('the options of a session', () => {
  it('let threads spin briefly, or as onnxruntime does by itself', () => {
    const spinning = { allow_spinning: '1', spin_duration_us: '10' };
    assert.deepEqual(sessionOptions({}), { extra: { session: { intra_op: spinning } } });
    assert.deepEqual(sessionOptions({ spin: true }), {});
  });

  it('are as somebody says, in the words of onnxruntime', () => {
    assert.deepEqual(
      sessionOptions({
        spin: true,
        intraOpThreads: 2,
        graphOptimization: 'basic',
        executionProviders: ['cuda', 'cpu'],
      }),
      { intraOpNumThreads: 2, graphOptimizationLevel: 'basic', executionProviders: ['cuda', 'cpu'] },
    );
  });
});
