import assert from 'node:assert/strict';
import { copyFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Predictor, type PredictorOptions } from '../../../src/core/endpoint/predictor';
import type { Tensor } from '../../../src/core/inference/tensor';
import { inspectModel } from '../../../src/core/model/inspectModel';
import { hostileModel, workspaceModel } from '../fixtures';
import { dist, irisRow, processesWith, quiet, temporaryFolder, until } from './support';

const never = new AbortController().signal;

/** A model of the workspace under a path of the test's own, by which its server is told from others. */
function copyOf(name: string, from = workspaceModel(name)): string {
  const path = join(temporaryFolder(), `${name}.onnx`);
  copyFileSync(from, path);
  return path;
}

function serversOf(path: string): number[] {
  return processesWith(`server.js --model ${path}`);
}

/** Something that the model takes. */
async function anyInputOf(path: string): Promise<Tensor[]> {
  const { signature } = await inspectModel(path);
  return signature.inputs.map(({ name, shape }) => {
    const sizes = (shape ?? []).map((size) => (typeof size === 'number' ? size : 1));
    const count = sizes.reduce((product, size) => product * size, 1);
    return { name, datatype: 'FP32', shape: sizes, data: new Float32Array(count) };
  });
}

describe('a predictor', () => {
  const made: Predictor[] = [];
  const predictorWith = (options: Partial<PredictorOptions> = {}) => {
    const predictor = new Predictor({ dist, nodePath: '', log: quiet, ...options });
    made.push(predictor);
    return predictor;
  };
  afterEach(async () => {
    await Promise.all(made.splice(0).map((predictor) => predictor.stopAll()));
  });

  it('predicts, keeps the server, and ends it when told to', async () => {
    const path = copyOf('iris');
    const predictor = predictorWith();
    const { outputs, milliseconds } = await predictor.infer(path, irisRow, never);
    assert.deepEqual(outputs.find(({ name }) => name === 'label')?.data, BigInt64Array.of(0n));
    assert.ok(milliseconds > 0);
    const servers = serversOf(path);
    assert.equal(servers.length, 1);
    await predictor.infer(path, irisRow, never);
    assert.deepEqual(serversOf(path), servers);
    await predictor.stopAll();
    assert.deepEqual(serversOf(path), []);
  });

  it('starts one server for calls at the same time', async () => {
    const path = copyOf('iris');
    const predictor = predictorWith();
    await Promise.all(Array.from({ length: 5 }, () => predictor.infer(path, irisRow, never)));
    assert.equal(serversOf(path).length, 1);
  });

  it('predicts with the file as it is now', async () => {
    const path = copyOf('iris');
    const predictor = predictorWith();
    const before = await predictor.infer(path, irisRow, never);
    assert.ok(before.outputs.length > 0);
    copyFileSync(workspaceModel('breast-cancer'), path);
    utimesSync(path, new Date(), new Date(Date.now() + 5000));
    await assert.rejects(predictor.infer(path, irisRow, never), { code: 'predict-refused' });
    await until(() => serversOf(path).length === 1);
  });

  it('ends a server that nobody used for a while', async () => {
    const path = copyOf('iris');
    const predictor = predictorWith({ idleMinutes: 0.01 });
    await predictor.infer(path, irisRow, never);
    assert.equal(serversOf(path).length, 1);
    await until(() => serversOf(path).length === 0);
    await predictor.infer(path, irisRow, never);
  });

  it('starts anew, unnoticed, when its server was killed', async () => {
    const path = copyOf('iris');
    const predictor = predictorWith();
    await predictor.infer(path, irisRow, never);
    for (const pid of serversOf(path)) process.kill(pid, 'SIGKILL');
    await predictor.infer(path, irisRow, never);
  });

  it('says that a folder is none of one model, rather than that it is gone', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'MLmodel'), 'flavors: {python_function: {loader_module: none}}\n');
    for (let at = 0; at <= 5000; at++) writeFileSync(join(folder, `${at}`), '');
    const predicting = predictorWith().infer(join(folder, 'MLmodel'), irisRow, never);
    await assert.rejects(predicting, { code: 'model-unsupported' });
  });

  it('gives up a start that nobody waits for any more', async () => {
    const path = copyOf('iris');
    const predictor = predictorWith();
    const cancel = new AbortController();
    const predicting = predictor.infer(path, irisRow, cancel.signal);
    await until(() => serversOf(path).length === 1);
    cancel.abort();
    await assert.rejects(predicting, { name: 'AbortError' });
    await until(() => serversOf(path).length === 0);
  });

  it('does not let one who cancels spoil the start for another', async () => {
    const path = copyOf('iris');
    const predictor = predictorWith();
    const cancel = new AbortController();
    const one = predictor.infer(path, irisRow, cancel.signal);
    const other = predictor.infer(path, irisRow, never);
    await until(() => serversOf(path).length === 1);
    cancel.abort();
    await assert.rejects(one, { name: 'AbortError' });
    assert.ok((await other).outputs.length > 0);
  });

  it('says in time that a model does not come to an end, and leaves the caller responsive', async () => {
    const path = copyOf('endless-loop', hostileModel('endless-loop'));
    const predictor = predictorWith({ timeoutSeconds: 1 });
    const inputs = await anyInputOf(path);
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 10);
    const started = Date.now();
    await assert.rejects(predictor.infer(path, inputs, never), { code: 'predict-timeout' });
    clearInterval(ticking);
    assert.ok(ticks > (Date.now() - started) / 100, `${ticks} ticks in ${Date.now() - started} ms`);
  });

  it('cancels a run at once, whatever the model does', async () => {
    const path = copyOf('endless-loop', hostileModel('endless-loop'));
    const predictor = predictorWith({ timeoutSeconds: 2 });
    const cancel = new AbortController();
    const predicting = predictor.infer(path, await anyInputOf(path), cancel.signal);
    await until(() => serversOf(path).length === 1);
    await sleep(300);
    const cancelled = Date.now();
    cancel.abort();
    await assert.rejects(predicting, { name: 'AbortError' });
    assert.ok(Date.now() - cancelled < 500);
  });

  it('says that a model ends its process', async () => {
    const path = copyOf('aborting', hostileModel('aborting'));
    const predictor = predictorWith();
    await assert.rejects(predictor.infer(path, await anyInputOf(path), never), (error: Error) => {
      assert.match(
        (error as { code?: string }).code ?? '',
        /^(worker-crashed|model-unsupported|model-broken)$/,
      );
      return true;
    });
  });

  it('says that the file is broken, or gone', async () => {
    const predictor = predictorWith();
    const broken = copyOf('truncated', hostileModel('truncated'));
    await assert.rejects(predictor.infer(broken, [], never), { code: 'model-broken' });
    const gone = copyOf('iris');
    await predictor.infer(gone, irisRow, never);
    rmSync(gone);
    await assert.rejects(predictor.infer(gone, irisRow, never), {
      code: 'model-missing',
      message: /iris\.onnx/,
    });
  });

  it('names a Node that can not run the server', async () => {
    const unusable = { code: 'node-unusable', next: /slipway\.server\.nodePath/ };
    const path = copyOf('iris');
    await assert.rejects(predictorWith({ nodePath: '/no/such/node' }).infer(path, irisRow, never), unusable);
    await assert.rejects(predictorWith({ nodePath: '/bin/false' }).infer(path, irisRow, never), unusable);
  });
});
