import assert from 'node:assert/strict';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { SampleActions } from '../../../src/editor/sample/sampleActions';
import { SampleCommands } from '../../../src/editor/sample/sampleCommands';
import { fakeScript, type FakeScript } from './fakeScript';
import { cleanUp, eventually, replace, samplesFile, workspaceFile } from './support';

describe('samples of a model of several files', () => {
  const key = 'one';
  const features = workspaceFile('several/features.py');
  let script: FakeScript;
  let document: vscode.TextDocument;

  beforeEach(async () => {
    script = await fakeScript('several');
    const samples = [{ name: key, inputs: { x: [1] } }];
    document = await samplesFile('several/several.samples.json', { model: 'predict.py', samples });
    await script.runs.run(document, key, new AbortController().signal);
  });
  afterEach(async () => {
    script.dispose();
    await cleanUp();
    await rm(workspaceFile('several').fsPath, { recursive: true });
  });

  const record = () =>
    new SampleActions(script.services, script.documents, script.runs).record(document, key);
  const recorded = () => script.documents.parse(document).samples[0]?.sample.expected;
  const isStale = () => script.runs.verdict(document.uri, script.runs.find(document, key))?.stale;

  it('show a result as one of before when a file beside the script has changed', async () => {
    assert.equal(isStale(), false);
    await writeFile(features.fsPath, 'scale = 2 + 2\n');
    script.modelsChange();
    await eventually('it is stale', isStale, 5);
  });

  it('do so as soon as that file is saved, which no list of models tells', async () => {
    const edited = await vscode.workspace.openTextDocument(features);
    await replace(edited, '1', '2 + 2');
    await edited.save();
    await eventually('it is stale', isStale, 5);
  });

  it('are recorded as they were predicted while nothing has changed', async () => {
    await record();
    assert.deepEqual(recorded(), { asked: [1] });
  });

  it('are predicted anew before they are recorded when a file beside the script has changed', async () => {
    await writeFile(features.fsPath, 'scale = 2 + 2\n');
    await record();
    assert.deepEqual(recorded(), { asked: [2] });
    assert.equal(isStale(), false);
  });
});

describe('samples that several models have', () => {
  const key = 'one';
  let script: FakeScript | undefined;
  afterEach(async () => {
    script?.dispose();
    await cleanUp();
    await rm(workspaceFile('shared').fsPath, { recursive: true, force: true });
  });

  it('are run with the one that was chosen last, and are not taken for what another gave', async () => {
    script = await fakeScript('shared');
    const [first, second] = ['predict.py', 'other.py'].map((name) => workspaceFile(`shared/${name}`));
    assert.ok(first && second);
    await copyFile(first.fsPath, second.fsPath);
    const samples = [{ name: key, inputs: { x: [1] } }];
    const document = await samplesFile('shared/shared.samples.json', { samples });
    const { runs, services, documents } = script;
    await runs.run(document, key, new AbortController().signal);
    assert.equal((await runs.modelOf(document)).path, first.fsPath);

    const model = await services.models.get(second);
    const actions = new SampleActions(services, documents, runs);
    await new SampleCommands(services, documents, actions, runs).recordExpected(model);
    assert.equal((await runs.modelOf(document)).path, second.fsPath);
    assert.deepEqual(documents.parse(document).samples[0]?.sample.expected, { asked: [2] });
    await rm(second.fsPath);
    assert.equal((await runs.modelOf(document)).path, first.fsPath, 'the chosen one is gone');
    await copyFile(first.fsPath, second.fsPath);
    await replace(document, '"samples"', '"model": "predict.py", "samples"');
    assert.equal((await runs.modelOf(document)).path, first.fsPath, 'the file says which one');
  });
});
