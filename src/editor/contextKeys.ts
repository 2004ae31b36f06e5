import * as vscode from 'vscode';
import { contextKeys } from '../contributions';
import type { Disposable } from '../core/dispose';
import { samplesSuffix } from '../core/sample/samplesFile';

/** Keeps the context keys that depend on the active tab. */
export function registerContextKeys(): Disposable {
  const update = () => {
    const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    const hasUri = input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom;
    const path = hasUri ? input.uri.path : '';
    const kind = path.endsWith('.onnx') ? 'model' : path.endsWith(samplesSuffix) ? 'samples' : '';
    void vscode.commands.executeCommand('setContext', contextKeys.activeFile, kind);
  };
  update();
  return vscode.window.tabGroups.onDidChangeTabs(update);
}
