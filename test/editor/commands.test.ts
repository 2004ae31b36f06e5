import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { commands } from '../../src/contributions';

describe('the extension', () => {
  it('has something to do for every command that it contributes', async () => {
    await vscode.extensions.getExtension('slipway.slipway')?.activate();
    const registered = await vscode.commands.getCommands(true);
    assert.deepEqual(
      Object.values(commands).filter((command) => !registered.includes(command)),
      [],
    );
  });
});
