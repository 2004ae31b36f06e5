import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needsOf, pythonNeeds } from '../../../src/core/image/pythonNeeds';
import type { PickleScan } from '../../../src/core/model/pickle/pickleScan';

const scan: PickleScan = {
  ...{ format: 'pickle', protocol: 4, complete: true, imports: [], findings: [], versions: {} },
  ...{ customClasses: [], root: undefined, estimator: {}, arrays: [] },
};
const imported = (module: string) => ({
  module,
  name: 'X',
  offset: 0,
  called: true,
  verdict: 'allowed' as const,
});

describe('the packages that a pickle needs', () => {
  it('are those that wrote it, in their versions, with a numpy that they can be used with', () => {
    const imports = [imported('sklearn.linear_model._logistic'), imported('numpy.core.multiarray')];
    assert.deepEqual(needsOf({ ...scan, imports, versions: { sklearn: '1.2.1' } }), [
      'numpy<2',
      'scikit-learn==1.2.1',
    ]);
    assert.deepEqual(needsOf({ ...scan, imports, versions: { sklearn: '1.5.0' } }), [
      'numpy',
      'scikit-learn==1.5.0',
    ]);
  });

  it('include joblib for its own format, pandas for names of columns, and a booster without a version', () => {
    const imports = [imported('lightgbm.basic')];
    const found = {
      ...scan,
      imports,
      format: 'joblib' as const,
      versions: { lightgbm: 'v4' },
      estimator: { featureNames: ['a'] },
    };
    assert.deepEqual(needsOf(found), ['numpy', 'joblib', 'lightgbm', 'pandas']);
  });

  it('are those of requirements.txt where there is one, else of conda.yaml', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-needs-'));
    try {
      const model = join(folder, 'model.pkl');
      copyFileSync('test/fixtures/pickles/logistic-4.pkl', model);
      assert.ok((await pythonNeeds(model)).some((need) => /^scikit-learn==\d/.test(need)));
      writeFileSync(join(folder, 'conda.yaml'), 'dependencies: [python=3.11, scikit-learn=1.3.2]');
      assert.deepEqual(await pythonNeeds(model), ['scikit-learn==1.3.2']);
      writeFileSync(join(folder, 'requirements.txt'), '# mine\nscikit-learn==1.4.0  # pinned\n\nnumpy\n');
      assert.deepEqual(await pythonNeeds(model), ['scikit-learn==1.4.0', 'numpy']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
