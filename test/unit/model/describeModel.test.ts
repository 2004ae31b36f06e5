import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pythonNeeds } from '../../../src/core/image/pythonNeeds';
import { describeModel, findingsOf } from '../../../src/core/model/describeModel';
import { findModels } from '../../../src/core/model/findModels';
import { modelFiles, stampModel } from '../../../src/core/model/hashModel';
import { titleOf } from '../../../src/core/model/modelKind';

import { evil4, pickle, proto4, zip } from './pickle/pickles';

const makeBooster = `
import sys, numpy, xgboost
data = xgboost.DMatrix(numpy.random.rand(20, 3), numpy.arange(20) % 2, feature_names=["höhe", "width", "age"])
booster = xgboost.train({"max_depth": 2}, data, 2)
for name in ("named.ubj", "named.json"):
    booster.save_model(sys.argv[1] + "/" + name)
print(xgboost.__version__)
`;

/** As LightGBM begins its files. */
const lightgbm = 'tree\nversion=v4\nnum_class=1\nmax_feature_idx=1\nobjective=binary\nfeature_names=a b\n';

describe('what models that are no single ONNX file or pickle say about themselves', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'slipway-describe-'))));
  after(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string) => {
    const file = join(folder, name);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
    return file;
  };

  it('XGBoost: its version and the names of its features, from both of its formats', async () => {
    const version = execFileSync('/usr/bin/python3', ['-c', makeBooster, folder]).toString().trim();
    for (const name of ['named.ubj', 'named.json']) {
      const description = await describeModel(join(folder, name));
      assert.ok(description.kind === 'booster');
      assert.deepEqual(description.facts, {
        ...{ library: 'xgboost', version, featureCount: 3, featureNames: ['höhe', 'width', 'age'] },
      });
      assert.deepEqual((await pythonNeeds(join(folder, name))).packages, ['numpy', `xgboost==${version}`]);
    }
  });

  it('LightGBM: the names of its features', async () => {
    const file = write('trees.lgb', lightgbm);
    const description = await describeModel(file);
    assert.ok(description.kind === 'booster');
    assert.deepEqual(description.facts, { library: 'lightgbm', featureCount: 2, featureNames: ['a', 'b'] });
    assert.deepEqual((await pythonNeeds(file)).packages, ['numpy', 'lightgbm']);
    await assert.rejects(describeModel(write('other.txt', 'hello')), /no model of XGBoost or LightGBM/);
  });

  it('a script: it has a function predict, and its folder belongs to it', async () => {
    const file = write('grader/predict.py', 'import helper\n\ndef predict(inputs):\n    return inputs\n');
    write('grader/helper.py', '');
    write('grader/weights/a.bin', 'a');
    write('grader/.venv/lib/site.py', '');
    write('grader/__pycache__/helper.pyc', '');
    write('grader/predict.samples.json', '{}');
    write('grader/requirements.txt', '-r more.txt\n');
    write('grader/more.txt', 'scipy==1.10.1 # for distances\n');
    assert.equal((await describeModel(file)).kind, 'script');
    assert.equal(titleOf(file), 'grader');
    assert.deepEqual(
      (await modelFiles(file)).map((each) => basename(each)),
      ['predict.py', 'helper.py', 'more.txt', 'requirements.txt', 'a.bin'],
    );
    assert.deepEqual((await pythonNeeds(file)).packages, ['scipy==1.10.1', 'numpy']);
    const before = await stampModel(file);
    write('grader/weights/a.bin', 'another');
    assert.notEqual(await stampModel(file), before);
    await assert.rejects(describeModel(write('empty/predict.py', 'print(1)\n')), /has no function predict/);
  });

  it('MLflow: what loads it, and what its pickles would do', async () => {
    const flavor =
      'flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.model\nmlflow_version: 2.9.2\n';
    const file = write('flow/MLmodel', flavor);
    copyFileSync('test/fixtures/pickles/logistic-4.pkl', join(folder, 'flow/python_model.pkl'));
    write('flow/artifacts/harm.pkl', 'cos\nsystem\n(S"ls"\ntR.');
    const description = await describeModel(file);
    assert.ok(description.kind === 'mlflow');
    assert.deepEqual(description.facts, { loader: 'mlflow.pyfunc.model', version: '2.9.2' });
    const [first] = findingsOf(description).findings.filter(({ level }) => level === 'danger');
    assert.match(first?.message ?? '', /^artifacts.harm\.pkl: .*os\.system/);
    assert.deepEqual((await pythonNeeds(file)).packages, ['numpy', 'mlflow==2.9.2']);
    await assert.rejects(describeModel(write('bare/MLmodel', 'flavors: {}\n')), /no flavor python_function/);
  });

  describe('MLflow', () => {
    const mlmodel = (name: string, ...lines: string[]) =>
      write(
        `${name}/MLmodel`,
        ['flavors:', '  python_function:', ...lines.map((line) => `    ${line}`), ''].join('\n'),
      );
    const harm = 'cos\nsystem\n(S"ls"\ntR.';
    const findings = async (file: string) => findingsOf(await describeModel(file)).findings;

    for (const name of ['data.bin', 'weights.pth', 'anything']) {
      it(`loads ${name} where its MLmodel names that, and it is scanned`, async () => {
        const file = mlmodel(`named-${name}`, 'loader_module: mlflow.sklearn', `model_path: ${name}`);
        copyFileSync('test/fixtures/pickles/logistic-4.pkl', join(file, '../model.pkl'));
        write(`named-${name}/${name}`, harm);
        const [first] = await findings(file);
        assert.equal(first?.code, 'dangerous-import');
        assert.ok(first?.message.startsWith(name));
      });
    }

    it('may hold any file that begins like a pickle, or an archive with one', async () => {
      const file = mlmodel('any', 'loader_module: mlflow.pyfunc.model', 'python_model: python_model.pkl');
      copyFileSync('test/fixtures/pickles/logistic-4.pkl', join(file, '../python_model.pkl'));
      write('any/requirements.txt', 'click\nnumpy\n');
      write('any/notes.csv', 'city\nBerlin\n');
      assert.deepEqual(
        (await findings(file)).map(({ code }) => code),
        ['known-imports'],
      );
      writeFileSync(join(file, '../one.dat'), pickle(proto4, evil4, '.'));
      writeFileSync(join(file, '../two.dat'), zip({ 'x/data.pkl': pickle(proto4, evil4, '.') }));
      const dangers = (await findings(file)).filter(({ level }) => level === 'danger');
      assert.deepEqual(
        dangers.map(({ message }) => message.slice(0, 7)),
        ['one.dat', 'two.dat'],
      );
    });

    it('is refused where it names something outside of its folder', async () => {
      write('outside.pkl', harm);
      for (const line of ['model_path: ../outside.pkl', `data: ${join(folder, 'outside.pkl')}`, 'code: ..']) {
        const file = mlmodel('outside', 'loader_module: mlflow.sklearn', line);
        await assert.rejects(
          describeModel(file),
          { code: 'model-unsupported', message: /outside of its folder/ },
          line,
        );
      }
      const file = mlmodel('linked', 'loader_module: mlflow.sklearn', 'model_path: model.pkl');
      symlinkSync('../outside.pkl', join(file, '../model.pkl'));
      await assert.rejects(describeModel(file), { code: 'model-unsupported' });
    });

    it('says what code it runs', async () => {
      const loaders: Record<string, string> = { antigravity: 'danger', my_loader: 'warning' };
      for (const [loader, level] of Object.entries(loaders)) {
        const [found] = await findings(mlmodel(`by-${loader}`, `loader_module: ${loader}`));
        assert.equal(found?.level, level);
        assert.match(found?.message ?? '', new RegExp(`loaded by the module \`${loader}\``));
      }
      const [carried] = await findings(mlmodel('code', 'loader_module: mlflow.pyfunc.model', 'code: code'));
      assert.equal(carried?.code, 'carries-code');
    });
  });

  it('are found, scripts only where they are meant to be served or somebody says so', async () => {
    write('meant/predict.py', 'signature = {}\n\ndef predict(inputs):\n    return inputs\n');
    const found = (await findModels(folder, [join(folder, 'named.json'), join(folder, 'gone.json')])).map(
      titleOf,
    );
    assert.deepEqual(found.sort(), ['bare', 'flow', 'meant', 'named', 'named', 'trees']);
  });
});
