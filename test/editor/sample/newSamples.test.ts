import assert from 'node:assert/strict';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { UserError } from '../../../src/core/errors';
import { inspectModel } from '../../../src/core/model/inspectModel';
import { createSamplesFile } from '../../../src/editor/sample/newSamplesFile';
import { cleanUp, eventually, hover, lenses, press, problems, replace, workspaceFile } from './support';

describe('New Samples File', () => {
  const made = ['fresh', 'cold'].flatMap((name) => [`models/${name}.onnx`, `models/${name}.samples.json`]);
  const model = workspaceFile('models/fresh.onnx');

  beforeEach(() => copyFile(workspaceFile('models/iris.onnx').fsPath, model.fsPath));
  afterEach(() => cleanUp(...made));

  it('makes samples from the signature that predict as they are', async () => {
    await vscode.commands.executeCommand('slipway.newSamples', model);
    const document = vscode.window.activeTextEditor?.document;
    assert.ok(document);
    assert.equal(document.uri.path, workspaceFile('models/fresh.samples.json').path);
    assert.equal(document.isDirty, false);
    await eventually('there are lenses', () => lenses(document));
    const [, name] = /"name":\s*"([^"]*)"/.exec(document.getText()) ?? [];
    assert.ok(name);
    await press(document, 'Predict', name);
    assert.match(await hover(document, name), /Predicted/);
    assert.deepEqual(problems(document), []);
  });

  it('opens the file that there is instead of writing over it', async () => {
    const samples = workspaceFile('models/fresh.samples.json');
    const text = '{ "samples": [] }';
    await writeFile(samples.fsPath, text);
    await vscode.commands.executeCommand('slipway.newSamples', model);
    assert.equal(vscode.window.activeTextEditor?.document.uri.path, samples.path);
    assert.equal(await readFile(samples.fsPath, 'utf8'), text);
  });

  it('gives samples that are not recorded for other inputs than were predicted', async () => {
    const cold = workspaceFile('models/cold.onnx');
    await copyFile(model.fsPath, cold.fsPath);
    await vscode.commands.executeCommand('slipway.newSamples', cold);
    const document = vscode.window.activeTextEditor?.document;
    assert.ok(document);
    await eventually('there are lenses', () => lenses(document));
    // The server for this model has yet to start: that leaves time to type.
    const recording = press(document, 'Record as expected', 'first sample');
    await eventually('it predicts', async () =>
      (await lenses(document)).some(({ command }) => command?.title.endsWith('Cancel')),
    );
    await replace(document, '0.8', '0.7');
    const typed = document.getText();
    await recording;
    assert.equal(document.getText(), typed);
    assert.match(await hover(document, 'first sample'), /have changed since/);
  });

  it('say where they can not be written', async () => {
    const description = await inspectModel(model.fsPath);
    for (const path of ['/dev/null/x.samples.json', '/proc/x.samples.json']) {
      const samples = vscode.Uri.file(path);
      const creating = createSamplesFile({ uri: model, name: 'fresh', description, samples }, () =>
        Promise.reject(new Error('It is known.')),
      );
      await assert.rejects(creating, (error: unknown) => {
        assert.ok(error instanceof UserError);
        assert.equal(error.code, 'not-writable');
        assert.match(error.message, new RegExp(path));
        return true;
      });
    }
  });
});
