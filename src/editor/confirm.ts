import * as vscode from 'vscode';

/** Asks in the middle of the window before something that is not easily undone. Resolves to whether the person wants it. */
export async function confirm(action: string, question: string, details: string[] = []): Promise<boolean> {
  const options = { modal: true, detail: details.filter(Boolean).join('\n') };
  return (await vscode.window.showWarningMessage(question, options, action)) === action;
}
