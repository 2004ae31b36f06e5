import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { cleanUp, eventually, hostileModel, hover, lenses, press, problems } from './support';

describe('models that break their process', () => {
  const made = ['endless-loop', 'aborting', 'truncated'].flatMap((name) => [
    `models/${name}.onnx`,
    `models/${name}.samples.json`,
  ]);
  const timeout = () => vscode.workspace.getConfiguration('slipway.predict');

  before(() => timeout().update('timeoutSeconds', 2, vscode.ConfigurationTarget.Global));
  after(() => timeout().update('timeoutSeconds', undefined, vscode.ConfigurationTarget.Global));
  afterEach(() => cleanUp(...made));

  it('an endless one ends in a time-out that stands at the sample, and nothing waits for it', async () => {
    const document = await hostileModel('endless-loop', 'it');
    await eventually('there are lenses', () => lenses(document));
    const delay = monitorEventLoopDelay({ resolution: 10 });
    delay.enable();
    const begun = Date.now();
    const predicting = press(document, 'Predict', 'it');
    await eventually('it can be cancelled', async () =>
      (await lenses(document)).some(({ command }) => command?.title.endsWith('Cancel')),
    );
    await predicting;
    delay.disable();
    assert.match(await hover(document, 'it'), /Did not predict/);
    assert.match(await hover(document, 'it'), /2 s/);
    assert.ok(Date.now() - begun < 20_000, `${Date.now() - begun} ms`);
    assert.ok(delay.max / 1e6 < 500, `the extension host stood still for ${delay.max / 1e6} ms`);
  });

  it('an endless one can be cancelled, and a cancel leaves no result', async () => {
    await timeout().update('timeoutSeconds', 60, vscode.ConfigurationTarget.Global);
    const document = await hostileModel('endless-loop', 'cancelled');
    await eventually('there are lenses', () => lenses(document));
    const begun = Date.now();
    const predicting = press(document, 'Predict', 'cancelled');
    await eventually('there is a Cancel', async () =>
      (await lenses(document)).some(({ command }) => command?.title.endsWith('Cancel')),
    );
    await press(document, 'Cancel', 'cancelled');
    await predicting;
    assert.ok(Date.now() - begun < 20_000, `${Date.now() - begun} ms`);
    assert.doesNotMatch(await hover(document, 'cancelled'), /predict/i);
  });

  it('an endless one can be cancelled in the Test Explorer', async () => {
    await timeout().update('timeoutSeconds', 60, vscode.ConfigurationTarget.Global);
    const document = await hostileModel('endless-loop', 'explored');
    const isRunning = async () =>
      (await lenses(document)).some(({ command }) => command?.title.endsWith('Cancel'));
    await eventually('it is run', async () => {
      await vscode.commands.executeCommand('testing.refreshTests');
      void vscode.commands.executeCommand('testing.runCurrentFile');
      await sleep(1000);
      return isRunning();
    });
    await vscode.commands.executeCommand('testing.cancelRun');
    await eventually('it has ended', async () => !(await isRunning()));
    assert.doesNotMatch(await hover(document, 'explored'), /predict/i);
  });

  it('one that aborts its process gives an error at the sample', async () => {
    const document = await hostileModel('aborting', 'it');
    await eventually('there are lenses', () => lenses(document));
    await press(document, 'Predict', 'it');
    assert.match(await hover(document, 'it'), /Did not predict/);
  });

  it('a broken one is named at the top of its samples', async () => {
    const document = await hostileModel('truncated', 'it');
    const problem = await eventually('there is a problem', () => problems(document)[0]);
    assert.equal(problem.range.start.line, 0);
    assert.match(problem.message, /truncated/);
  });
});
