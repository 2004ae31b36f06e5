import * as vscode from 'vscode';

/** How long an answered question may stay in view for the next one to take its place, in milliseconds. */
const handover = 100;

export interface PickOptions {
  placeHolder: string;
  title?: string;
}

export interface TextOptions {
  title: string;
  prompt: string;
  placeHolder?: string;
  value?: string;
  /** What is wrong with a text; undefined when it can be accepted. */
  problem?: (text: string) => string | undefined;
}

/*
 * These ask as `showQuickPick` and `showInputBox` do, for questions that follow each other: the next takes the place of
 * the one before. If that one closed first, VS Code would give the focus back to what had it before, and a page takes it
 * so late that the next question is there already (microsoft/vscode#93950). So none closes because it lost the focus: what
 * the command before has opened, an editor or a page, may take it late too.
 */

/** Asks for one of several. Undefined when the person picks none. */
export async function askPick<T extends vscode.QuickPickItem>(
  items: readonly T[],
  options: PickOptions,
): Promise<T | undefined> {
  const input = quickPick(items, options);
  return answerOf(input, () => input.selectedItems[0]);
}

/** Asks for some of several. Undefined when the person does not answer. */
export async function askPicks<T extends vscode.QuickPickItem>(
  items: readonly T[],
  options: PickOptions,
): Promise<readonly T[] | undefined> {
  const input = quickPick(items, options);
  input.canSelectMany = true;
  return answerOf(input, () => input.selectedItems);
}

/** Asks for a text, which is kept while the person looks at something else. Undefined when there is no answer. */
export async function askText({
  title,
  prompt,
  placeHolder,
  value,
  problem,
}: TextOptions): Promise<string | undefined> {
  const input = vscode.window.createInputBox();
  input.title = title;
  input.prompt = prompt;
  input.placeholder = placeHolder;
  input.value = value ?? '';
  input.ignoreFocusOut = true;
  input.onDidChangeValue((text) => (input.validationMessage = problem?.(text)));
  return answerOf(input, () => (problem?.(input.value) === undefined ? input.value : undefined));
}

function quickPick<T extends vscode.QuickPickItem>(
  items: readonly T[],
  { placeHolder, title }: PickOptions,
): vscode.QuickPick<T> {
  const input = vscode.window.createQuickPick<T>();
  input.items = items;
  input.title = title;
  input.placeholder = placeHolder;
  input.matchOnDescription = true;
  input.ignoreFocusOut = true;
  return input;
}

/** Shows a question until it is answered, or closed. `read` gives nothing while there is no answer to accept. */
function answerOf<T>(
  input: vscode.QuickPick<vscode.QuickPickItem> | vscode.InputBox,
  read: () => T | undefined,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    input.onDidAccept(() => {
      const answer = read();
      if (answer === undefined) return;
      input.enabled = false;
      resolve(answer);
      setTimeout(() => input.dispose(), handover);
    });
    input.onDidHide(() => {
      resolve(undefined);
      input.dispose();
    });
    input.show();
  });
}
