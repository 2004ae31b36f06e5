import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { closeAndPutBack, eventually, keep, problems, replace, show, workspaceFile } from './sample/support';

describe('slipway.json in the editor', () => {
  let document: vscode.TextDocument;
  let putBack: () => Promise<void>;

  beforeEach(async () => {
    putBack = await keep('slipway.json');
    document = await show(workspaceFile('slipway.json'));
  });
  afterEach(() => closeAndPutBack(document, putBack));

  it('has an error at the very value that is wrong, while typing, until it is right', async () => {
    await eventually('it has no error', () => problems(document).length === 0);
    await replace(document, '"docker"', '"dokker"');
    const [problem] = await eventually('there is an error', () => problems(document));
    assert.equal(document.getText(problem?.range), '"dokker"');
    assert.match(problem?.message ?? '', /docker/);
    await replace(document, '"dokker"', '"docker"');
    await eventually('it is gone', () => problems(document).length === 0);
  });

  it('offers what a target can have', async () => {
    const at = document.positionAt(document.getText().indexOf('"kind"'));
    const items = await eventually('there are offers', async () => {
      const list = await vscode.commands.executeCommand<vscode.CompletionList>(
        'vscode.executeCompletionItemProvider',
        document.uri,
        at,
      );
      return list.items;
    });
    const offered = items.map(({ label }) => (typeof label === 'string' ? label : label.label));
    for (const field of ['host', 'bind']) assert.ok(offered.includes(field), offered.join());
  });
});
