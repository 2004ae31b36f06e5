import { relative } from 'node:path';
import * as vscode from 'vscode';
import { UserError } from '../../core/errors';
import { workflowPath, workflowText, type CiSystem, type WorkflowOptions } from '../../core/release/workflow';
import { confirm } from '../confirm';
import { pickTarget } from '../picks';
import type { Model, Services } from '../services';
import { modelOf, type Given } from './subject';

const systems: (vscode.QuickPickItem & { system: CiSystem })[] = [
  { label: 'GitHub Actions', system: 'github' },
  { label: 'GitLab CI', system: 'gitlab' },
];

/** *Create CI Workflow…*: writes a file that tests a model on each change and deploys it, and opens it. */
export async function createWorkflow(services: Services, version: string, given: Given): Promise<void> {
  const model = await modelOf(given, services);
  const target = model && (await pickTarget(services, model.name));
  if (!target) return;
  const system = (await vscode.window.showQuickPick(systems, { placeHolder: 'For which CI system?' }))
    ?.system;
  const on = system && (await pickTrigger());
  if (!on) return;
  const folder = folderOf(model);
  const options = {
    model: model.name,
    paths: pathsOf(model, folder),
    target: target.name,
    on,
    version,
    folder: '.',
  };
  const file = vscode.Uri.joinPath(folder.uri, workflowPath(system, model.name));
  if (
    (await isThere(file)) &&
    !(await confirm('Replace', `Replace ${vscode.workspace.asRelativePath(file)}?`))
  )
    return;
  await vscode.workspace.fs.writeFile(file, Buffer.from(workflowText(system, options)));
  await vscode.window.showTextDocument(file);
}

async function pickTrigger(): Promise<WorkflowOptions['on'] | undefined> {
  const items = [
    { label: 'A push to main', on: { branch: 'main' } },
    { label: 'A tag', on: 'tags' as const },
  ];
  return (await vscode.window.showQuickPick(items, { placeHolder: 'What sets a deploy off?' }))?.on;
}

function folderOf(model: Model): vscode.WorkspaceFolder {
  const folder = vscode.workspace.getWorkspaceFolder(model.uri);
  if (folder) return folder;
  throw new UserError(
    'model-missing',
    `${model.name} is not in a folder of this workspace.`,
    'Open its folder first.',
  );
}

function pathsOf(model: Model, folder: vscode.WorkspaceFolder): string[] {
  const files = [model.uri, model.samples].map(({ fsPath }) =>
    relative(folder.uri.fsPath, fsPath).replaceAll('\\', '/'),
  );
  return [...files, 'slipway.json'];
}

async function isThere(file: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(file).then(
    () => true,
    () => false,
  );
}
