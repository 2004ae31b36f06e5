import assert from 'node:assert/strict';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type * as vscode from 'vscode';
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
    await assert.rejects(openSamples(folder), says('not-readable', /odd\.samples\.json can not be opened/));
    await assert.rejects(samplesIn(model(folder)), says('not-readable', /can not be opened/));
    await assert.rejects(openSamples(absent), says('samples-missing', /no absent\.samples\.json yet/));
    await assert.rejects(samplesIn(model(absent)), says('samples-missing', /are not at models/));
  });

  it('can not be written, with the reason', async () => {
    const write = (...path: string[]) => writeText(join(folder.fsPath, ...path), 'x', 'Elsewhere.');
    await assert.rejects(write(), says('not-writable', /could not be written: it is a folder\./));
    await write('.github', 'workflows', 'x.yml');
    assert.equal(await readFile(join(folder.fsPath, '.github/workflows/x.yml'), 'utf8'), 'x');
    await assert.rejects(write('.github/workflows/x.yml/y'), says('not-writable', /a file, not a folder/));
  });
});
