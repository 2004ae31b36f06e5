import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { UserError } from '../../../src/core/errors';
import { samplesIn } from '../../../src/editor/commands/server';
import { openSamples } from '../../../src/editor/sample/pickSamples';
import { writeText } from '../../../src/editor/writeText';
import { workspaceFile } from './support';

const says = (code: string, words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof UserError);
  assert.equal(error.code, code);
  assert.match(error.message, words);
  return true;
};

describe('a file that is of no use', () => {
  const folder = workspaceFile('models/odd.samples.json');
  const absent = workspaceFile('models/absent.samples.json');
  const model = (samples: vscode.Uri) => ({ name: 'odd', uri: workspaceFile('models/odd.onnx'), samples });

  beforeEach(() => mkdir(folder.fsPath, { recursive: true }));
  afterEach(() => rm(folder.fsPath, { recursive: true, force: true }));

  it('is not called one that is not there', async () => {
    await assert.rejects(openSamples(folder), says('sample-invalid', /odd\.samples\.json can not be opened/));
    await assert.rejects(samplesIn(model(folder)), says('sample-invalid', /can not be opened/));
    await assert.rejects(openSamples(absent), says('samples-missing', /no absent\.samples\.json yet/));
    await assert.rejects(samplesIn(model(absent)), says('samples-missing', /are not at models/));
  });

  it('can not be written, with the reason', async () => {
    await assert.rejects(
      writeText(folder, 'x'),
      says('not-writable', /could not be written: it is a folder/),
    );
    const inIt = vscode.Uri.file(join(folder.fsPath, 'no', 'such.json'));
    await assert.rejects(writeText(inIt, 'x'), says('not-writable', /no such file or folder/));
  });
});
