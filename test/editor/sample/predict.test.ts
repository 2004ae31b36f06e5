import assert from 'node:assert/strict';
import { utimes } from 'node:fs/promises';
import * as vscode from 'vscode';
import {
  closeAndPutBack,
  eventually,
  hover,
  keep,
  lenses,
  press,
  problems,
  quickFixes,
  replace,
  show,
  workspaceFile,
} from './support';

const iris = 'models/iris.samples.json';

describe('samples in the editor', () => {
  let document: vscode.TextDocument;
  let putBack: () => Promise<void>;

  beforeEach(async () => {
    putBack = await keep(iris);
    document = await show(workspaceFile(iris));
    await eventually('there are lenses', () => lenses(document));
  });
  afterEach(() => closeAndPutBack(document, putBack));

  it('have lenses over each sample and over the file', async () => {
    const titles = (await lenses(document)).map(({ command }) => command?.title.replace(/^\$\(.*?\)\s/, ''));
    const count = document.getText().split('"name"').length - 1;
    assert.equal(titles.filter((title) => title === 'Predict All').length, 1);
    assert.equal(titles.filter((title) => title === 'Predict').length, count);
    assert.equal(titles.filter((title) => title === 'Record as expected').length, count);
  });

  it('pass, with all outputs in the hover and nothing to complain about', async () => {
    await press(document, 'Predict', 'setosa');
    const text = await hover(document, 'setosa');
    assert.match(text, /Passed/);
    assert.match(text, /label/);
    assert.match(text, /probabilities/);
    assert.deepEqual(problems(document), []);
  });

  it('are all predicted by the lens over the file', async () => {
    await press(document, 'Predict All');
    for (const name of ['setosa', 'versicolor', 'virginica'])
      assert.match(await hover(document, name), /Passed/);
  });

  it('complain at the very value that is not as expected, and a quick fix records what the model gave', async () => {
    await press(document, 'Predict', 'setosa');
    const before = document.getText();
    await replace(document, '"label": [0]', '"label": [2]');
    // Judged anew without a prediction: the inputs are the same.
    const [problem] = await eventually('there is a problem', () => problems(document));
    assert.ok(problem);
    assert.equal(document.getText(problem.range), '2');
    assert.match(problem.message, /2.*0|0.*2/);
    const fix = (await quickFixes(document, problem)).get('Record actual as expected');
    assert.ok(fix?.edit);
    await vscode.workspace.applyEdit(fix.edit);
    assert.match(document.getText(), /"label": \[0\]/);
    await eventually('the problem is gone', () => problems(document).length === 0);
    assert.match(await hover(document, 'setosa'), /Passed/);
    assert.equal(
      document.getText().split('\n').length,
      before.split('\n').length,
      'the layout of the file is kept',
    );
  });

  it('show a result as one of before when the inputs have changed', async () => {
    await press(document, 'Predict', 'setosa');
    await replace(document, '5.1', '5.2');
    assert.match(await hover(document, 'setosa'), /have changed since/);
    await vscode.commands.executeCommand('undo');
    assert.doesNotMatch(await hover(document, 'setosa'), /have changed since/);
  });

  it('show a result as one of before when the model file has changed', async () => {
    await press(document, 'Predict', 'setosa');
    const later = new Date(Date.now() + 5000);
    await utimes(workspaceFile('models/iris.onnx').fsPath, later, later);
    await eventually('it says so', async () => /have changed since/.test(await hover(document, 'setosa')));
  });

  it('are recorded in one step that can be undone', async () => {
    await replace(document, '"label": [0]', '"label": [1]');
    const before = document.getText();
    await press(document, 'Record as expected', 'setosa');
    assert.match(document.getText(), /"label": \[0\]/);
    assert.match(await hover(document, 'setosa'), /Passed/);
    await vscode.commands.executeCommand('undo');
    assert.equal(document.getText(), before);
  });

  it('say while typing which input is wrong, and a quick fix repairs a misspelt name', async () => {
    await replace(document, '"measurements"', '"meassurements"');
    const misspelt = await eventually('there is a problem', () =>
      problems(document).find(({ range }) => document.getText(range).includes('meassurements')),
    );
    assert.match(misspelt.message, /measurements/);
    assert.equal(problems(document).length, 1, 'the right name is not said to be missing as well');
    const fix = (await quickFixes(document, misspelt)).get('Change to "measurements"');
    assert.ok(fix?.edit);
    await vscode.workspace.applyEdit(fix.edit);
    await eventually('the problem is gone', () => problems(document).length === 0);
  });

  it('say while typing which value is of the wrong kind', async () => {
    await replace(document, '5.1', '"five"');
    const [problem] = await eventually('there is a problem', () => problems(document));
    assert.ok(problem);
    assert.equal(document.getText(problem.range), '"five"');
  });

  it('say at the top of the file that the model is missing', async () => {
    const putModelBack = await keep('models/iris.onnx');
    try {
      await vscode.workspace.fs.delete(workspaceFile('models/iris.onnx'));
      const aboutModel = () => problems(document).find(({ message }) => /iris\.onnx/.test(message));
      const problem = await eventually('there is a problem with the model', aboutModel);
      assert.equal(problem.range.start.line, 0);
    } finally {
      await putModelBack();
    }
    await eventually('the problem is gone', () => problems(document).length === 0);
  });
});
