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

  it('are known also where Python has to unpack it', async () => {
    for (const packing of ['bz2', 'xz', 'lzma'])
      assert.deepEqual((await pythonNeeds(`test/fixtures/pickles/logistic.joblib.${packing}`)).packages, [
        'numpy<2',
        'joblib',
        'scikit-learn==1.2.1',
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

  it('include what a library needs for the classes in it, and what its modules are called on PyPI', () => {
    const of = (...modules: string[]) => needsOf({ ...scan, imports: modules.map(imported) });
    assert.deepEqual(of('xgboost.sklearn', 'xgboost.core'), ['numpy', 'scikit-learn', 'xgboost']);
    assert.deepEqual(of('lightgbm.sklearn'), ['numpy', 'lightgbm', 'pandas', 'scikit-learn']);
    assert.deepEqual(of('xgboost.core'), ['numpy', 'xgboost']);
    assert.deepEqual(of('sklearn.compose._column_transformer'), ['numpy', 'pandas', 'scikit-learn']);
    const others = [
      'imblearn.pipeline',
      'catboost.core',
      'category_encoders.ordinal',
      'statsmodels.api',
      'skops.io',
    ];
    assert.deepEqual(of(...others), [
      'numpy',
      'catboost',
      'category-encoders',
      'imbalanced-learn',
      'skops',
      'statsmodels',
    ]);
    assert.deepEqual(needsOf({ ...scan, format: 'joblib', compression: 'lz4' }), ['numpy', 'joblib', 'lz4']);
  });

  it('include joblib for what is packed, as only that unpacks it, also where it can not be looked into', async () => {
    const { packages } = await pythonNeeds('test/fixtures/pickles/logistic.joblib.lz4');
    assert.deepEqual(packages, ['numpy', 'joblib', 'lz4']);
    assert.deepEqual(needsOf({ ...scan, compression: 'gzip' }), ['numpy', 'joblib']);
  });

  it('of MLflow are those of the flavor, with scikit-learn for its classes and MLflow for what only that can read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-flow-'));
    const flow = async (loader: string, data: string, flavor = '') => {
      const lines = [
        'flavors:',
        '  python_function:',
        `    loader_module: mlflow.${loader}`,
        `    data: ${data}`,
        `  ${loader}:`,
        flavor || '    code: null',
        'mlflow_version: 3.1.0',
      ];
      writeFileSync(join(folder, 'MLmodel'), lines.join('\n'));
      return (await pythonNeeds(join(folder, 'MLmodel'))).packages;
    };
    assert.deepEqual(await flow('xgboost', 'model.ubj'), ['numpy', 'xgboost']);
    const classifier = '    model_class: xgboost.sklearn.XGBClassifier\n    xgb_version: 3.0.2';
    assert.deepEqual(await flow('xgboost', 'model.ubj', classifier), [
      'numpy',
      'xgboost==3.0.2',
      'scikit-learn',
    ]);
    const safe = '    serialization_format: skops\n    sklearn_version: 1.7.2';
    assert.deepEqual(await flow('sklearn', 'model.skops', safe), [
      'numpy',
      'scikit-learn==1.7.2',
      'mlflow==3.1.0',
      'skops',
    ]);
    assert.deepEqual(await flow('lightgbm', 'model.lgb'), ['numpy', 'lightgbm']);
    rmSync(folder, { recursive: true });
  });

  describe('with a list beside it', () => {
    let folder: string;
    let model: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'slipway-needs-'));
      model = join(folder, 'model.pkl');
      copyFileSync('test/fixtures/pickles/logistic-4.pkl', model);
    });
    afterEach(() => rmSync(folder, { recursive: true }));
    const needs = async (requirements: string) => {
      writeFileSync(join(folder, 'requirements.txt'), requirements);
      return (await pythonNeeds(model)).packages;
    };

    it('are those of requirements.txt where there is one, else of conda.yaml', async () => {
      assert.ok((await pythonNeeds(model)).packages.some((need) => /^scikit-learn==\d/.test(need)));
      writeFileSync(
        join(folder, 'conda.yaml'),
        'dependencies: [python=3.9, numpy=1.26.4, scikit-learn=1.3.2]',
      );
      assert.deepEqual(await pythonNeeds(model), {
        packages: ['numpy==1.26.4', 'scikit-learn==1.3.2'],
        python: '3.9',
      });
      assert.deepEqual(await needs('# mine\nscikit-learn==1.4.0  # pinned\n\nnumpy\n'), [
        'scikit-learn==1.4.0',
        'numpy',
      ]);
    });

    it('are also those that it does not name, so that all are chosen together', async () => {
      const own = (await pythonNeeds(model)).packages;
      assert.deepEqual(await needs('Pandas==1.5.3\nscipy[all] >= 1.9 ; python_version > "3"'), [
        'Pandas==1.5.3',
        'scipy[all] >= 1.9 ; python_version > "3"',
        ...own,
      ]);
      assert.deepEqual(await needs('Scikit_Learn~=1.5\r\n'), ['Scikit_Learn~=1.5', 'numpy']);
      assert.deepEqual(await needs(''), own);
    });

    it('are only those of a list with options, addresses or hashes', async () => {
      for (const line of ['--index-url https://example.com', './own.whl', 'git+https://example.com/own'])
        assert.deepEqual(await needs(`${line}\npandas\n`), [line, 'pandas']);
      assert.deepEqual(await needs('pandas==1.5.3 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n'), [
        'pandas==1.5.3      --hash=sha256:00      --hash=sha256:11',
      ]);
    });
  });
});
