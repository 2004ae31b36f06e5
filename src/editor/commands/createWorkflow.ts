import { join } from 'node:path';
import * as vscode from 'vscode';
import { isPython } from '../../core/model/modelKind';
import { workflowPlaces } from '../../core/release/workflow/places';
import {
  workflowPath,
  workflowText,
  type CiSystem,
  type WorkflowOptions,
} from '../../core/release/workflow/workflow';
import { askPick } from '../ask';
import { confirm } from '../confirm';
import { pickTarget } from '../picks';
import type { Services } from '../services';
import { writeText } from '../writeText';
import { modelOf, targetGiven, type Given } from './subject';

const systems: (vscode.QuickPickItem & { system: CiSystem })[] = [
  { label: 'GitHub Actions', system: 'github' },
  { label: 'GitLab CI', system: 'gitlab' },
];

/** *Create CI Workflow…*: writes a file that tests a model on each change and deploys it, and opens it. */
export async function createWorkflow(services: Services, version: string, given: Given): Promise<void> {
  services.requireTrust();
  const model = await modelOf(given, services);
  const placeHolder = `To which target does CI deploy ${model?.name}?`;
  const target = model && (targetGiven(given) ?? (await pickTarget(services, model.name, { placeHolder })));
  if (!target) return;
  const system = (await askPick(systems, { placeHolder: 'For which CI system?' }))?.system;
  const on = system && (await pickTrigger());
  if (!on) return;
  const { uri } = services.config;
  const targetConfig = (await services.config.get())?.targets[target.name];
  if (!uri || !targetConfig) return;
  const files = { model: model.uri.fsPath, samples: model.samples.fsPath, config: uri.fsPath };
  const { root, ...places } = await workflowPlaces(files);
  const options = {
    model: model.name,
    target: target.name,
    targetConfig,
    python: isPython(files.model),
    on,
    version,
    ...places,
  };
  const file = vscode.Uri.file(join(root, workflowPath(system, model.name)));
  if (
    (await isThere(file)) &&
    !(await confirm('Replace', `Replace ${vscode.workspace.asRelativePath(file)}?`))
  )
    return;
  await writeText(file.fsPath, workflowText(system, options), 'Open a folder that you can write to.');
  await vscode.window.showTextDocument(file);
}

async function pickTrigger(): Promise<WorkflowOptions['on'] | undefined> {
  const items = [
    { label: 'A push to main', on: { branch: 'main' } },
    { label: 'A tag', on: 'tags' as const },
  ];
  return (await askPick(items, { placeHolder: 'What sets a deploy off?' }))?.on;
}

async function isThere(file: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(file).then(
    () => true,
    () => false,
  );
}
