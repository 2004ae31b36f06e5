import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describeModel } from '../../../src/core/model/describeModel';
import { reasonsToAsk, toldReasons } from '../../../src/core/model/reasonsToAsk';
import { pickle } from './pickle/pickles';

describe('the reasons to ask before a model is loaded', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'slipway-reasons-'))));
  after(() => rmSync(folder, { recursive: true }));
  const write = (...content: string[]) => {
    const file = join(folder, `${content.length}.pkl`);
    writeFileSync(file, pickle(...content));
    return file;
  };
  const fixture = (name: string) => describeModel(resolve('test/fixtures/pickles', name));

  it('are none for what is known', async () => {
    for (const place of ['container', 'process'] as const)
      assert.deepEqual(reasonsToAsk(await fixture('pipeline-4.pkl'), place), []);
  });

  it('are the code that it carries, where it is loaded as a process', async () => {
    const description = await fixture('by-value.pkl');
    assert.deepEqual(reasonsToAsk(description, 'container'), []);
    const reasons = reasonsToAsk(description, 'process');
    assert.ok(reasons.length > 0);
    for (const { code } of reasons) assert.equal(code, 'carries-code');
  });

  it('are all that was found, where not all could be looked into', async () => {
    const file = write('\x04"M\x18', '\0'.repeat(20));
    const [reason] = reasonsToAsk(await describeModel(file), 'container');
    assert.equal(reason?.code, 'compression');
  });

  it('are that a file in a folder of MLflow could not be looked into, whatever its name', async () => {
    const flow = join(folder, 'flow');
    mkdirSync(flow);
    const mlmodel = join(flow, 'MLmodel');
    const flavor = '    loader_module: mlflow.pyfunc.model\n    python_version: 3.11.2\n';
    writeFileSync(mlmodel, `flavors:\n  python_function:\n${flavor}`);
    assert.deepEqual(reasonsToAsk(await describeModel(mlmodel), 'container'), []);
    copyFileSync('test/fixtures/pickles/logistic.joblib.lz4', join(flow, 'extra.dat'));
    const [reason, ...others] = reasonsToAsk(await describeModel(mlmodel), 'container');
    assert.equal(reason?.code, 'compression');
    assert.match(reason?.message ?? '', /^extra\.dat: It is compressed with lz4/);
    assert.deepEqual(others, []);
  });

  it('are told up to three, and then counted', async () => {
    const lines = ['system', 'popen', 'fork', 'execv', 'remove'].map((name) => `cos\n${name}\n0`);
    const reasons = reasonsToAsk(await describeModel(write(...lines, 'N.')), 'container');
    const told = toldReasons(reasons);
    assert.equal(told.length, 4);
    assert.match(told[0] ?? '', /os\.system/);
    assert.equal(told[3], '… and 2 more');
    assert.equal(toldReasons(reasons.slice(0, 3)).length, 3);
  });
});
