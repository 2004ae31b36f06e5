import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { workflowPlaces } from '../../../src/core/release/workflow/places';
import { temporaryFolder } from '../../host/workspace';
import { hostileModel } from '../fixtures';

describe('the places of a workflow', () => {
  const filesIn = (folder: string) => ({
    model: join(folder, 'models/iris.onnx'),
    samples: join(folder, 'models/iris.samples.json'),
    config: join(folder, 'slipway.json'),
  });

  it('are relative to the root of the repository', async () => {
    const root = await temporaryFolder('places');
    execFileSync('git', ['init', '--quiet', root]);
    const folder = join(root, 'teams/ml');
    mkdirSync(folder, { recursive: true });
    assert.deepEqual(await workflowPlaces(filesIn(folder)), {
      root,
      folder: 'teams/ml',
      paths: ['teams/ml/models/iris.onnx', 'teams/ml/models/iris.samples.json', 'teams/ml/slipway.json'],
    });
    assert.equal((await workflowPlaces(filesIn(root))).folder, '.');
  });

  it('are relative to the folder of slipway.json where there is no repository', async () => {
    const folder = await temporaryFolder('places');
    const { root, paths } = await workflowPlaces(filesIn(folder));
    assert.deepEqual([root, paths[0]], [folder, 'models/iris.onnx']);
  });

  it('are all of the folder of a model of MLflow', async () => {
    const folder = await temporaryFolder('places');
    const { paths } = await workflowPlaces({ ...filesIn(folder), model: join(folder, 'flow/MLmodel') });
    assert.equal(paths[0], 'flow/**/*');
  });

  it('are the weights of a model too, and what says which packages it needs', async () => {
    const folder = await temporaryFolder('places');
    mkdirSync(join(folder, 'models'));
    const ofOnnx = join(folder, 'models/branches.onnx');
    copyFileSync(hostileModel('external-in-branches'), ofOnnx);
    const weights = ['else.bin', 'then.bin'];
    for (const name of weights) writeFileSync(join(folder, 'models', name), '');
    const { paths } = await workflowPlaces({ ...filesIn(folder), model: ofOnnx });
    assert.equal(paths[0], 'models/branches.onnx');
    assert.deepEqual(
      paths.slice(1, -2).sort(),
      weights.map((name) => `models/${name}`),
    );
    const pickle = await workflowPlaces({ ...filesIn(folder), model: join(folder, 'models/iris.pkl') });
    assert.deepEqual(pickle.paths.slice(0, 4), [
      'models/iris.pkl',
      'models/requirements.txt',
      'models/conda.yaml',
      'models/conda.yml',
    ]);
  });

  it('are all in the repository', async () => {
    const folder = await temporaryFolder('places');
    const model = join(await temporaryFolder('elsewhere'), 'iris.onnx');
    await assert.rejects(workflowPlaces({ ...filesIn(folder), model }), {
      code: 'model-missing',
      message: `${model} is not in the repository of slipway.json, ${folder}.`,
    });
  });
});
