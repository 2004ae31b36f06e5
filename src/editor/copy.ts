import * as vscode from 'vscode';

/** Puts text on the clipboard, and says so in the status bar. */
export async function copy(text: string, what: string): Promise<void> {
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage(`$(check) ${what} is on the clipboard`, 4000);
}
