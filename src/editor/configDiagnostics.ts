import { readFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { parseConfig } from '../core/config/config';
import { DisposableStore, type Disposable } from '../core/dispose';
import { positionOf } from '../core/jsonDocument';
import type { ConfigStore } from './services';

/** Marks the errors of `slipway.json` where they stand: as it is in an editor, else as it is on disk. */
export function registerConfigDiagnostics(config: ConfigStore): Disposable {
  const store = new DisposableStore();
  const collection = store.add(vscode.languages.createDiagnosticCollection('slipway.config'));
  const isConfig = ({ uri }: vscode.TextDocument) => uri.toString() === config.uri?.toString();
  const mark = async () => {
    const { uri } = config;
    if (!uri) return collection.clear();
    const open = vscode.workspace.textDocuments.find((document) => isConfig(document) && !document.isClosed);
    const text = open?.getText() ?? (await readFile(uri.fsPath, 'utf8').catch(() => undefined));
    collection.set(uri, text === undefined ? [] : problemsOf(text));
  };
  const onDocument = (document: vscode.TextDocument) => isConfig(document) && void mark();
  store.add(vscode.workspace.onDidOpenTextDocument(onDocument));
  store.add(vscode.workspace.onDidChangeTextDocument(({ document }) => onDocument(document)));
  store.add(vscode.workspace.onDidCloseTextDocument(onDocument));
  store.add(config.onChange(() => void mark()));
  void mark();
  return store;
}

function problemsOf(text: string): vscode.Diagnostic[] {
  const position = (offset: number) => {
    const { line, column } = positionOf(text, offset);
    return new vscode.Position(line - 1, column - 1);
  };
  return parseConfig(text).problems.map(({ range: { offset, length }, message }) => {
    const range = new vscode.Range(position(offset), position(offset + length));
    const diagnostic = new vscode.Diagnostic(range, message, vscode.DiagnosticSeverity.Error);
    diagnostic.source = 'Slipway';
    return diagnostic;
  });
}
