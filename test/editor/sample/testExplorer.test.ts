import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import {
  cleanUp,
  closeAndPutBack,
  eventually,
  hover,
  problems,
  samplesFile,
  workspaceFile,
  keep,
  show,
  replace,
} from './support';

describe('the Test Explorer', () => {
  afterEach(() => cleanUp('models/named.json'));

  it('runs every sample, and its results are those in the editor', async () => {
    const putBack = await keep('models/iris.samples.json');
    const document = await show(workspaceFile('models/iris.samples.json'));
    await replace(document, '"label": [1]', '"label": [2]');
    await vscode.commands.executeCommand('testing.runAll');
    await eventually(
      'the sample has failed',
      async () => /Failed/.test(await hover(document, 'versicolor')),
      40,
    );
    await eventually(
      'the other one has passed',
      async () => /Passed/.test(await hover(document, 'setosa')),
      40,
    );
    const [problem] = await eventually('there is a problem', () => problems(document));
    assert.ok(problem);
    assert.equal(document.getText(problem.range), '2');
    const digits = await show(workspaceFile('models/digits.samples.json'));
    await eventually(
      'other files were run too',
      async () => /Passed/.test(await hover(digits, 'a zero')),
      40,
    );
    await closeAndPutBack(document, putBack);
  });

  it('runs the samples of the file in the editor', async () => {
    const document = await show(workspaceFile('models/breast-cancer.samples.json'));
    await vscode.commands.executeCommand('testing.runCurrentFile');
    await eventually('it has passed', async () => /Passed/.test(await hover(document, 'malignant')), 40);
    await eventually('it has passed', async () => /Passed/.test(await hover(document, 'benign')), 40);
  });

  it('finds a samples file that slipway.json names', async () => {
    const putBack = await keep('slipway.json');
    try {
      const config = await show(workspaceFile('slipway.json'));
      await replace(
        config,
        '"path": "models/iris.onnx"',
        '"path": "models/iris.onnx", "samples": "models/named.json"',
      );
      await config.save();
      const document = await samplesFile('models/named.json', {
        samples: [{ name: 'elsewhere', inputs: { measurements: [[5.1, 3.5, 1.4, 0.2]] } }],
      });
      await eventually('it was run', async () => {
        await vscode.commands.executeCommand('testing.runCurrentFile');
        return /Predicted/.test(await hover(document, 'elsewhere'));
      });
    } finally {
      await putBack();
    }
  });
});
