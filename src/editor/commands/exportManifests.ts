import { basename, relative } from 'node:path';
import * as vscode from 'vscode';
import { UserError } from '../../core/errors';
import { exportManifests as writeManifests } from '../../core/release/exportManifests';
import type { ManifestFormat } from '../../core/target/target';
import { askPick } from '../ask';
import { confirm } from '../confirm';
import { pickTarget } from '../picks';
import type { Services } from '../services';
import { deploymentOf } from './deployment';
import { modelOf, targetGiven, type Given } from './subject';

const formatChoices: Record<ManifestFormat, { label: string; description: string }> = {
  kustomize: { label: 'Kustomize', description: 'YAML files with a kustomization.yaml' },
  yaml: { label: 'YAML', description: 'the objects alone' },
  helm: { label: 'Helm', description: 'a chart with values for image, replicas, resources and address' },
};

/** *Export Manifests…*: what a deploy would apply, as files, for people who deploy with Git. */
export async function exportManifests(services: Services, given: Given): Promise<void> {
  services.requireTrust();
  const model = await modelOf(given, services);
  const target =
    model &&
    (targetGiven(given) ??
      (await pickTarget(services, model.name, {
        placeHolder: `Export the manifests of ${model.name} for which target?`,
        fits: (each) => each.manifests !== undefined,
        unfit: noCluster(),
      })));
  const format = target && (await pickFormat(target.name));
  if (!format) return;
  const [folder] =
    (await vscode.window.showOpenDialog({
      title: `Export the Manifests of ${model.name}`,
      ...{ canSelectFolders: true, canSelectFiles: false, openLabel: 'Export Here' },
      defaultUri: vscode.workspace.workspaceFolders?.[0]?.uri,
    })) ?? [];
  if (!folder) return;
  const files = await services.run(`Exporting the manifests of ${model.name}`, async (task) =>
    writeManifests(
      target,
      await deploymentOf(services, target, model, '', task.signal),
      folder.fsPath,
      format,
      task,
      (paths) => mayReplace(folder, paths),
    ),
  );
  if (files?.[0]) await vscode.window.showTextDocument(vscode.Uri.file(files[0]));
}

function mayReplace(folder: vscode.Uri, paths: string[]): Promise<boolean> {
  const names = paths.map((path) => relative(folder.fsPath, path));
  return confirm('Replace', `Replace files that are in ${basename(folder.fsPath)} already?`, names);
}

async function pickFormat(target: string): Promise<ManifestFormat | undefined> {
  const choices = Object.entries(formatChoices).map(([one, item]) => ({
    ...item,
    one: one as ManifestFormat,
  }));
  const placeHolder = `As what are the manifests for ${target} written?`;
  return (await askPick(choices, { placeHolder }))?.one;
}

function noCluster(): UserError {
  return new UserError(
    'target-missing',
    'No target of slipway.json is a cluster, so that a deploy applies no manifests.',
    'Name a target of the kind kubernetes or kserve.',
  );
}
