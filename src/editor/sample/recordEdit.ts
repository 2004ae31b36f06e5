import * as vscode from 'vscode';
import type { Tensor } from '../../core/inference/tensor';
import { recordExpected } from '../../core/sample/samplesFile';
import { smallestEdit } from './textRanges';

/** The edit that writes outputs as what the sample expects: one step to undo, and the rest of the file stays as it is formatted. */
export function recordEdit(
  document: vscode.TextDocument,
  sampleIndex: number,
  outputs: Tensor[],
): vscode.WorkspaceEdit {
  const edit = new vscode.WorkspaceEdit();
  edit.set(document.uri, [smallestEdit(document, recordExpected(document.getText(), sampleIndex, outputs))]);
  return edit;
}
