import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';

const folder = () => vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file('/nowhere');

export function workspaceFile(path: string): vscode.Uri {
  return vscode.Uri.joinPath(folder(), path);
}

/** A model that breaks something, put into the workspace with a samples file: one sample with these inputs. */
export async function hostileModel(
  name: string,
  sample: string,
  inputs: object = { x: [1] },
): Promise<vscode.TextDocument> {
  const extension = vscode.extensions.getExtension('slipway.slipway');
  if (!extension) throw new Error('The extension is not there.');
  await copyFile(
    join(extension.extensionPath, `test/fixtures/hostile/${name}.onnx`),
    workspaceFile(`models/${name}.onnx`).fsPath,
  );
  return samplesFile(`models/${name}.samples.json`, { samples: [{ name: sample, inputs }] });
}

/** Writes a samples file and shows it. */
export async function samplesFile(path: string, content: object): Promise<vscode.TextDocument> {
  const uri = workspaceFile(path);
  const text = `${JSON.stringify(content, null, 2)}\n`;
  await writeFile(uri.fsPath, text);
  const document = await show(uri);
  await eventually('the editor shows what was written', () => document.getText() === text);
  return document;
}

export async function show(uri: vscode.Uri): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document);
  return document;
}

/** Closes all editors without saving and removes files that a test has made. */
export async function cleanUp(...made: string[]): Promise<void> {
  while (vscode.window.activeTextEditor?.document.isDirty) {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  }
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  for (const path of made) await rm(workspaceFile(path).fsPath, { force: true });
}

/** Keeps a file's content, and puts it back. */
export async function keep(path: string): Promise<() => Promise<void>> {
  const file = workspaceFile(path).fsPath;
  const content = await readFile(file);
  return () => writeFile(file, content);
}

/** Closes the editors and puts the file back: the browser's VS Code saves by itself, a second after a change. */
export async function closeAndPutBack(
  document: vscode.TextDocument,
  putBack: () => Promise<void>,
): Promise<void> {
  await cleanUp();
  await putBack();
  const text = await readFile(document.uri.fsPath, 'utf8');
  await eventually('the editor has seen it', () => document.isClosed || document.getText() === text);
}

/** Replaces the first occurrence of a text, as typing would. */
export async function replace(document: vscode.TextDocument, from: string, to: string): Promise<void> {
  const offset = document.getText().indexOf(from);
  if (offset < 0) throw new Error(`${basename(document.fileName)} has no ${from}.`);
  const edit = new vscode.WorkspaceEdit();
  const range = new vscode.Range(document.positionAt(offset), document.positionAt(offset + from.length));
  edit.replace(document.uri, range, to);
  await vscode.workspace.applyEdit(edit);
}

export async function lenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
  return vscode.commands.executeCommand('vscode.executeCodeLensProvider', document.uri, 1000);
}

/** Presses the lens with these words over the sample, or over the file when none is named. */
export async function press(document: vscode.TextDocument, words: string, sample?: string): Promise<void> {
  const meant = (await lenses(document)).find(({ command, range }) => {
    if (!command?.title.endsWith(words)) return false;
    const below = document.getText().slice(document.offsetAt(range.start));
    return sample === undefined || /"name":\s*"([^"]*)"/.exec(below)?.[1] === sample;
  });
  if (!meant?.command) throw new Error(`There is no lens “${words}” over ${sample ?? 'the file'}.`);
  await vscode.commands.executeCommand(
    meant.command.command,
    ...((meant.command.arguments ?? []) as unknown[]),
  );
}

/** What Slipway complains about in a document. */
export function problems(document: vscode.TextDocument): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(document.uri).filter(({ source }) => source === 'Slipway');
}

/** The text of the hovers on a sample's name. */
export async function hover(document: vscode.TextDocument, sample: string): Promise<string> {
  const name = document.getText().indexOf(`"${sample}"`);
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
    'vscode.executeHoverProvider',
    document.uri,
    document.positionAt(name + 2),
  );
  const contents = hovers.flatMap(({ contents }) => contents);
  return contents.map((content) => (typeof content === 'string' ? content : content.value)).join('\n');
}

/** The quick fixes at a diagnostic, by title. */
export async function quickFixes(
  document: vscode.TextDocument,
  { range }: vscode.Diagnostic,
): Promise<Map<string, vscode.CodeAction>> {
  const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    'vscode.executeCodeActionProvider',
    document.uri,
    range,
    vscode.CodeActionKind.QuickFix.value,
  );
  return new Map(actions.map((action) => [action.title, action]));
}

/** Asks until the answer is not undefined, false or empty; throws with `what` when it stays so. */
export async function eventually<T>(
  what: string,
  ask: () => T | Promise<T>,
  seconds = 15,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    const empty = Array.isArray(answer) && answer.length === 0;
    if (answer && !empty) return answer;
    if (Date.now() > deadline) throw new Error(`This did not come true in ${seconds} s: ${what}`);
    await sleep(20);
  }
}
