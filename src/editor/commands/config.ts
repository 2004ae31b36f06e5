import * as vscode from 'vscode';
import { UserError } from '../../core/errors';
import type { Services } from '../services';

const firstConfig = `{
  "targets": {
    "staging": {
      "kind": "docker"
    }
  }
}
`;

/** *Open slipway.json*; one that is not there yet is written first. */
export async function openConfig({ config }: Services): Promise<void> {
  const { uri } = config;
  if (!uri)
    throw new UserError('config-invalid', 'No folder is open.', 'Open the folder of your models first.');
  const exists = await vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
  if (!exists) await vscode.workspace.fs.writeFile(uri, Buffer.from(firstConfig));
  await vscode.window.showTextDocument(uri);
}
