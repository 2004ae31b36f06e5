import assert from 'node:assert/strict';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { WorkspaceConfig } from '../../src/editor/configStore';
import { WorkspaceModels } from '../../src/editor/modelStore';
import { eventually, keep, workspaceFile } from './sample/support';

describe('the models of a workspace', () => {
  const config = new WorkspaceConfig();
  const models = new WorkspaceModels(config);
  const names = async () => (await models.list()).map(({ uri }) => basename(uri.fsPath));
  const iris = workspaceFile('models/iris.onnx').fsPath;
  const made = ['other', 'build', 'models/broken.onnx'].map((path) => workspaceFile(path).fsPath);

  async function copyIris(path: string): Promise<void> {
    const file = workspaceFile(path).fsPath;
    await mkdir(dirname(file), { recursive: true });
    await copyFile(iris, file);
  }

  afterEach(() => Promise.all(made.map((path) => rm(path, { recursive: true, force: true }))));
  after(() => {
    models.dispose();
    config.dispose();
  });

  it('are listed by name, with what is in them', async () => {
    assert.deepEqual(await names(), ['breast-cancer.onnx', 'digits.onnx', 'iris.onnx']);
    const model = (await models.list()).at(-1);
    assert.equal(model?.name, 'iris');
    assert.deepEqual(model?.description?.signature?.inputs, [
      { name: 'measurements', type: 'float32', datatype: 'FP32', shape: ['batch', 4] },
    ]);
  });

  it('are those of releases that were made on another machine, by their names', async () => {
    const made = async (name: string, path: string) => (await models.madeOf({ name, path })).uri.fsPath;
    assert.equal(await made('iris', '/builds/7/models/iris.onnx'), iris);
    assert.equal(await made('digits', iris), iris, 'one that is there is itself');
    assert.equal(await made('gone', '/builds/7/gone.onnx'), '/builds/7/gone.onnx');
  });

  it('come and go with their files', async () => {
    await names();
    await copyIris('other/late.onnx');
    await eventually('it is there', async () => (await names()).includes('late.onnx'));
    // VS Code says nothing of what comes and goes within a moment.
    await sleep(1000);
    await rm(workspaceFile('other/late.onnx').fsPath);
    await eventually('it is gone', async () => !(await names()).includes('late.onnx'));
  });

  it('are not those that .gitignore or files.exclude leave out', async () => {
    const putBack = await keep('.gitignore');
    const files = vscode.workspace.getConfiguration('files');
    try {
      await writeFile(workspaceFile('.gitignore').fsPath, 'build/\n');
      await copyIris('build/ignored.onnx');
      await copyIris('other/excluded.onnx');
      await eventually('the other one is there', async () => (await names()).includes('excluded.onnx'));
      assert.ok(!(await names()).includes('ignored.onnx'));
      await files.update('exclude', { '**/other': true }, vscode.ConfigurationTarget.Workspace);
      await eventually('that is gone', async () => !(await names()).includes('excluded.onnx'));
    } finally {
      await files.update('exclude', undefined, vscode.ConfigurationTarget.Workspace);
      await putBack();
    }
  });

  it('are shown as broken, with the reason, until they are mended', async () => {
    const file = workspaceFile('models/broken.onnx').fsPath;
    await writeFile(file, 'no model');
    const broken = async () => (await models.list()).find(({ uri }) => uri.fsPath === file);
    assert.match((await eventually('it is there', broken)).broken ?? '', /broken\.onnx/);
    await copyFile(iris, file);
    await eventually('it is mended', async () => (await broken())?.description);
  });

  it('of MLflow are their folder, and nothing in it is a model of its own', async () => {
    const extension = vscode.extensions.getExtension('slipway.slipway');
    const pickle = join(extension?.extensionPath ?? '', 'test/fixtures/pickles/logistic-4.pkl');
    const folder = workspaceFile('other/flow').fsPath;
    await mkdir(folder, { recursive: true });
    await copyFile(pickle, join(folder, 'model.pkl'));
    const flavor =
      'flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    model_path: model.pkl\n';
    await writeFile(join(folder, 'MLmodel'), flavor);
    const flow = await eventually('it is there', async () =>
      (await models.list()).find(({ name }) => name === 'flow'),
    );
    assert.equal(flow.description?.kind, 'pickle');
    assert.ok(!(await names()).includes('model.pkl'));
  });

  it('may be scripts and boosters: by what is in them, or because slipway.json says so', async () => {
    const putBack = await keep('slipway.json');
    const script =
      'signature = {"inputs": {"x": ("FP64", ["batch"])}}\n\ndef predict(inputs):\n    return inputs\n';
    const folder = workspaceFile('other/grader').fsPath;
    await mkdir(folder, { recursive: true });
    try {
      await writeFile(join(folder, 'predict.py'), script);
      await writeFile(
        join(folder, 'trees.txt'),
        'tree\nversion=v4\nmax_feature_idx=1\nfeature_names=a b\n\n',
      );
      await writeFile(join(folder, 'notes.txt'), 'tree');
      const named = { models: { trees: { path: 'other/grader/trees.txt' } } };
      await writeFile(workspaceFile('slipway.json').fsPath, JSON.stringify(named));
      const trees = await eventually('it is there', async () =>
        (await models.list()).find(({ name }) => name === 'trees'),
      );
      assert.equal(trees.description?.kind, 'booster');
      const grader = (await models.list()).find(({ name }) => name === 'grader');
      assert.equal(grader?.description?.kind, 'script');
      assert.ok(!(await names()).includes('notes.txt'));
    } finally {
      await putBack();
      await rm(folder, { recursive: true });
    }
  });

  it('are named, and find their samples, as slipway.json says', async () => {
    const putBack = await keep('slipway.json');
    try {
      const named = { models: { flowers: { path: 'models/iris.onnx', samples: 'tests/flowers.json' } } };
      await writeFile(workspaceFile('slipway.json').fsPath, JSON.stringify(named));
      const flowers = await eventually('it has its name', async () =>
        (await models.list()).find(({ name }) => name === 'flowers'),
      );
      assert.equal(flowers.samples.fsPath, workspaceFile('tests/flowers.json').fsPath);
    } finally {
      await putBack();
    }
  });
});
