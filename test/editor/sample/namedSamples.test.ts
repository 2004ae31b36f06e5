import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { samplesIn } from '../../../src/editor/commands/server';
import { samplesPathFor } from '../../../src/core/sample/samplesFile';
import { workspaceFile } from './support';

describe('the samples that a deploy is proven with', () => {
  const uri = workspaceFile('models/unsampled.onnx');
  const usual = samplesPathFor(uri.fsPath);
  const of = (samples: string) => samplesIn({ name: 'unsampled', uri, samples: vscode.Uri.file(samples) });

  afterEach(() => rm(usual, { force: true }));

  it('are none where nobody says that there are any', async () => {
    assert.deepEqual(await of(usual), []);
  });

  it('are not none where slipway.json names a file that is not there', async () => {
    await assert.rejects(of(workspaceFile('tests/gone.samples.json').fsPath), {
      code: 'samples-missing',
      message: /^The samples of unsampled are not at tests\/gone\.samples\.json\.$/,
    });
  });

  it('are not none where the file is there and is no text', async () => {
    await writeFile(usual, Buffer.from([0, 1, 2, 0, 255, 0]));
    await assert.rejects(of(usual), { code: 'not-readable' });
  });
});
