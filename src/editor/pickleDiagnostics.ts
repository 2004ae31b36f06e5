import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../core/dispose';
import { findingsOf } from '../core/model/describeModel';
import type { Model, ModelStore } from './services';

const severities = {
  danger: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
} as const;

/** Lists what loading a pickle would do among the problems, at its file. */
export function registerPickleDiagnostics(models: ModelStore): Disposable {
  const store = new DisposableStore();
  const collection = store.add(vscode.languages.createDiagnosticCollection('slipway.pickle'));
  store.add(
    models.onList((all) => {
      collection.clear();
      for (const model of all) collection.set(model.uri, problemsOf(model));
    }),
  );
  return store;
}

function problemsOf({ description }: Model): vscode.Diagnostic[] {
  if (!description) return [];
  // A pickle has no lines: all of it is meant.
  const range = new vscode.Range(0, 0, 0, 0);
  return findingsOf(description).findings.flatMap(({ level, code, message }) => {
    if (level === 'info') return [];
    const diagnostic = new vscode.Diagnostic(range, message, severities[level]);
    return Object.assign(diagnostic, { source: 'Slipway', code });
  });
}
