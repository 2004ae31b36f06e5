import * as vscode from 'vscode';
import type { TextRange } from '../../core/sample/sample';

export function rangeOf(document: vscode.TextDocument, { offset, length }: TextRange): vscode.Range {
  return new vscode.Range(document.positionAt(offset), document.positionAt(offset + length));
}

/** The edit that turns the document's text into `text` and leaves alone what is the same at both ends. */
export function smallestEdit(document: vscode.TextDocument, text: string): vscode.TextEdit {
  const old = document.getText();
  const shorter = Math.min(old.length, text.length);
  let start = 0;
  while (start < shorter && old[start] === text[start]) start++;
  let end = 0;
  while (end < shorter - start && old[old.length - 1 - end] === text[text.length - 1 - end]) end++;
  const range = rangeOf(document, { offset: start, length: old.length - end - start });
  return vscode.TextEdit.replace(range, text.slice(start, text.length - end));
}
