import * as vscode from 'vscode';
import { parseConfig } from '../../core/config/config';
import { UserError } from '../../core/errors';
import type { Services } from '../services';
import { writeText } from '../writeText';

const firstConfig = `{
  "targets": {
    "staging": {
      "kind": "docker"
    }
  }
}
`;

/** *Open slipway.json*, at its first error; one that is not there yet is written first. */
export async function openConfig({ config }: Services): Promise<void> {
  const { uri } = config;
  if (!uri)
    throw new UserError('config-invalid', 'No folder is open.', 'Open the folder of your models first.');
  const exists = await vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
  if (!exists) await writeText(uri.fsPath, firstConfig, 'Open a folder that you can write to.');
  const document = await vscode.workspace.openTextDocument(uri);
  const [problem] = parseConfig(document.getText()).problems;
  const at = problem && document.positionAt(problem.range.offset);
  await vscode.window.showTextDocument(document, at && { selection: new vscode.Range(at, at) });
}
