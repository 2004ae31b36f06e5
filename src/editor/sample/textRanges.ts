import * as vscode from 'vscode';
import type { TextRange } from '../../core/sample/sample';

export function rangeOf(document: vscode.TextDocument, { offset, length }: TextRange): vscode.Range {
  return new vscode.Range(document.positionAt(offset), document.positionAt(offset + length));
}

/**
 * The edit that turns the document's text into `text` and leaves alone what is the same at both ends. No end of it is within a surrogate
 * pair: VS Code would replace all of the pair by what is meant for a half.
 */
export function smallestEdit(document: vscode.TextDocument, text: string): vscode.TextEdit {
  const old = document.getText();
  const shorter = Math.min(old.length, text.length);
  let start = 0;
  while (start < shorter && old[start] === text[start]) start++;
  if (isFirstHalf(old[start - 1])) start--;
  let end = 0;
  while (end < shorter - start && old[old.length - 1 - end] === text[text.length - 1 - end]) end++;
  if (isSecondHalf(old[old.length - end])) end--;
  const range = rangeOf(document, { offset: start, length: old.length - end - start });
  return vscode.TextEdit.replace(range, text.slice(start, text.length - end));
}

function isFirstHalf(unit: string | undefined): boolean {
  return unit !== undefined && unit >= '\ud800' && unit <= '\udbff';
}

function isSecondHalf(unit: string | undefined): boolean {
  return unit !== undefined && unit >= '\udc00' && unit <= '\udfff';
}
