import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { labels } from '../../../src/core/docker/labels';
import { Predictor } from '../../../src/core/endpoint/predictor';
import { pythonArguments } from '../../../src/core/endpoint/pythonArguments';
import { InferenceClient } from '../../../src/core/inference/client';
import type { Tensor } from '../../../src/core/inference/tensor';
import { ensurePythonImage } from '../../../src/core/image/pythonImage';
import { baseImages, ensureBaseImages } from '../../host/baseImages';
import { skip } from '../../host/skip';
import { temporaryFolder } from '../../host/workspace';
import { cleanUp, dist, docker, engineWith, quiet, served, taskOf, until } from './support';

const python = '/usr/bin/python3';
const images = { dist, nodeBase: baseImages.node, pythonBase: baseImages.python, version: '0.0.0' };

/** A pickle that tells what it can reach, instead of predicting. */
const curious = `
import cloudpickle, sys
class Curious:
    n_features_in_ = 1
    def predict(self, rows):
        import os, socket, numpy
        def can(work):
            try:
                work()
                return 1.0
            except OSError:
                return 0.0
        answers = [
            can(lambda: socket.create_connection(("1.1.1.1", 53), 2)),
            can(lambda: open("/slipway/model/written", "w")),
            can(lambda: open("/etc/written", "w")),
            float(os.getuid() == 0),
        ]
        return numpy.array([answers] * len(rows))
with open(sys.argv[1], "wb") as file:
    cloudpickle.dump(Curious(), file)
`;

const row = (values: number[]): Tensor[] => [
  { name: 'input', datatype: 'FP64', shape: [1, values.length], data: Float64Array.from(values) },
];

describe('a pickle', () => {
  let folder: string;
  let predictor: Predictor;
  const workers = async () => {
    const filters = { label: [`${labels.kind}=worker`] };
    return (await docker.listContainers({ all: true, filters })).map(({ Names }) => Names[0]);
  };

  before(async function () {
    this.timeout(120_000);
    await ensureBaseImages(docker);
    const there = await docker
      .getImage(baseImages.python)
      .inspect()
      .catch(() => undefined);
    if (!there) skip(this, 'there is no scikit-learn for Python here to make an image of');
    folder = await temporaryFolder('pickle');
    const options = {
      ...{ ...images, host: '' },
      pythonPlace: () => Promise.resolve('container' as const),
      pythonPath: () => Promise.resolve(python),
    };
    predictor = new Predictor({
      ...{ dist, nodePath: process.execPath, log: quiet, timeoutSeconds: 5 },
      serverArguments: (path, task) => pythonArguments(path, options, task),
    });
  });
  afterEach(() => predictor?.stopAll());
  after(() => cleanUp('curious', 'forest', 'reaching'));

  it('is loaded for the editor in a container that reaches nothing, and is gone with it', async () => {
    const path = join(folder, 'curious.pkl');
    execFileSync(python, ['-c', curious, path]);
    const { signature, infer } = await predictor.connect(path, taskOf().signal);
    assert.deepEqual(signature.outputs, [
      { name: 'prediction', type: 'FP64', datatype: 'FP64', shape: [null, 4] },
    ]);
    const { outputs } = await infer(row([1]), taskOf().signal);
    assert.deepEqual([...(outputs[0]?.data ?? [])], [0, 0, 0, 0], 'network, model, root, being root');
    assert.equal((await workers()).length, 1);
    await predictor.stopAll();
    await until(async () => (await workers()).length === 0);
  });

  it('leaves no worker when its front is killed', async () => {
    const path = join(folder, 'curious.pkl');
    const { infer } = await predictor.connect(path, taskOf().signal);
    await infer(row([1]), taskOf().signal);
    const front = execFileSync('pgrep', ['-f', `server.js --model ${path}`])
      .toString()
      .trim();
    process.kill(Number(front.split('\n')[0]), 'SIGKILL');
    await until(async () => (await workers()).length === 0);
  });

  it('is served in a container with the versions it was written with', async function () {
    this.timeout(120_000);
    const path = join(folder, 'forest.joblib');
    const [name] = ['RandomForestClassifier.joblib'];
    const made = join(folder, 'made');
    execFileSync('mkdir', ['-p', made]);
    execFileSync(python, ['test/fixtures/python/make_models.py', made, '--boosters'], { stdio: 'ignore' });
    copyFileSync(join(made, name), path);
    const index = JSON.parse(readFileSync(join(made, 'index.json'), 'utf8')) as {
      file: string;
      inputs: { input: number[][] };
      expected: { label: number[] };
    }[];
    const { inputs, expected } = index.find(({ file }) => file === name) ?? assert.fail();
    const engine = engineWith();
    const endpoint = await engine.serve(await served('forest', path), taskOf());
    const client = new InferenceClient(endpoint.url ?? '', 'forest');
    for (const [at, values] of inputs.input.slice(0, 5).entries()) {
      const { outputs } = await client.infer(row(values));
      assert.equal(Number(outputs[0]?.data[0]), expected.label[at]);
    }
    await engine.remove(endpoint, taskOf());
  });

  it('is served without a way to the network, unless slipway.json gives it one', async function () {
    this.timeout(120_000);
    const path = resolve('test/fixtures/python/curious/predict.py');
    const port: Tensor = { name: 'port', datatype: 'INT64', shape: [1], data: BigInt64Array.of(8080n) };
    const reached = async (serverArguments: string[]) => {
      const engine = engineWith();
      const endpoint = await engine.serve({ ...(await served('reaching', path)), serverArguments }, taskOf());
      const { outputs } = await new InferenceClient(endpoint.url ?? '', 'reaching').infer([port]);
      await engine.remove(endpoint, taskOf());
      return outputs.filter(({ data }) => data[0]).map(({ name }) => name);
    };
    assert.deepEqual(await reached([]), ['local sockets']);
    const free = await reached(['--network', 'any']);
    assert.ok(free.includes('connects') && free.includes('child connects'), free.join());
  });

  it('finds its packages compiled, because a container can not write that down', async () => {
    const tag = await ensurePythonImage(docker, images, join(folder, 'forest.joblib'), taskOf());
    const compiled =
      'import importlib.util, os; print(*(os.path.exists(importlib.util.find_spec(name).cached) for name in ("json", "numpy", "sklearn.base")))';
    const output = new PassThrough();
    const command = ['python3', '-c', compiled];
    await docker.run(tag, command, output, { Entrypoint: [''], HostConfig: { AutoRemove: true } });
    assert.equal(String(output.read()).trim(), 'True True True');
  });

  it('of MLflow is served with all of its folder', async function () {
    this.timeout(120_000);
    const path = join(folder, 'made/mlflow-model/MLmodel');
    const { infer } = await predictor.connect(path, taskOf().signal);
    const { outputs } = await infer(row([5.1, 3.5, 1.4, 0.2]), taskOf().signal);
    assert.equal(Number(outputs[0]?.data[0]), 0);
  });

  it('is served with the modules beside it; so are boosters in their own format, and scripts', async function () {
    this.timeout(120_000);
    const made = join(folder, 'made');
    copyFileSync('test/fixtures/python/beside_module.py', join(made, 'beside_module.py'));
    const beside = await predictor.connect(join(made, 'beside.pkl'), taskOf().signal);
    assert.equal((await beside.infer(row([1, 2]), taskOf().signal)).outputs[0]?.data[0], 42);

    const booster = await predictor.connect(join(made, 'booster.ubj'), taskOf().signal);
    const [input] = booster.signature.inputs;
    const count = Number(input?.shape?.[1]);
    const cells: Tensor = {
      name: 'input',
      datatype: 'FP32',
      shape: [1, count],
      data: new Float32Array(count),
    };
    const score = Number((await booster.infer([cells], taskOf().signal)).outputs[0]?.data[0]);
    assert.ok(score > 0 && score < 1, String(score));

    const script = join(folder, 'script/predict.py');
    mkdirSync(join(folder, 'script'));
    copyFileSync(join(made, 'predict.py'), script);
    const { infer } = await predictor.connect(script, taskOf().signal);
    const text: Tensor = { name: 'text', datatype: 'BYTES', shape: [2], data: ['one', 'three'] };
    const { outputs } = await infer([text], taskOf().signal);
    assert.deepEqual([...(outputs[0]?.data ?? [])].map(Number), [3, 5]);
  });

  it('that needs a version that can not be had says which one can', async function () {
    this.timeout(120_000);
    const own = await temporaryFolder('needs');
    const path = join(own, 'model.pkl');
    copyFileSync(join(folder, 'curious.pkl'), path);
    writeFileSync(join(own, 'requirements.txt'), '# pinned\nscikit-learn==0.0.77\n');
    await assert.rejects(ensurePythonImage(docker, images, path, taskOf()), {
      code: 'build-failed',
      message: /scikit-learn.* can not be installed/,
    });
  });
});
