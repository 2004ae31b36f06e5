import * as vscode from 'vscode';
import { parseConfig } from '../core/config/config';
import { DisposableStore, type Disposable } from '../core/dispose';
import type { ConfigStore } from './services';

/** Marks the errors of `slipway.json` where they stand, while it is open. */
export function registerConfigDiagnostics(config: ConfigStore): Disposable {
  const store = new DisposableStore();
  const collection = store.add(vscode.languages.createDiagnosticCollection('slipway.config'));
  const check = (document: vscode.TextDocument) => {
    if (document.uri.toString() !== config.uri?.toString()) return;
    const { problems } = parseConfig(document.getText());
    collection.set(
      document.uri,
      problems.map(({ range: { offset, length }, message }) => {
        const range = new vscode.Range(document.positionAt(offset), document.positionAt(offset + length));
        const diagnostic = new vscode.Diagnostic(range, message, vscode.DiagnosticSeverity.Error);
        diagnostic.source = 'Slipway';
        return diagnostic;
      }),
    );
  };
  store.add(vscode.workspace.onDidOpenTextDocument(check));
  store.add(vscode.workspace.onDidChangeTextDocument(({ document }) => check(document)));
  store.add(vscode.workspace.onDidCloseTextDocument(({ uri }) => collection.delete(uri)));
  vscode.workspace.textDocuments.forEach(check);
  return store;
}
