import * as vscode from 'vscode';
import { commands } from '../../contributions';
import { isFolder, titleOf } from '../../core/model/modelKind';
import { tensorWords } from '../../core/model/signatureWords';
import type { Target } from '../../core/target/target';
import type { Model } from '../services';
import { healthIcon, item, wrongIcon } from './item';
import type { DetailNode, Node } from './nodes';
import { endpointItem, releaseItem, releasesItem } from './runningItems';

const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;

/** The line of a node: short there, all of it in the tooltip, and in words for screen readers. */
export function treeItem(node: Node): vscode.TreeItem {
  switch (node.kind) {
    case 'model':
      return modelItem(node.model);
    case 'group':
      return item(node.title, node.folded ? Collapsed : Expanded, {
        iconPath: new vscode.ThemeIcon(node.icon),
        contextValue: node.context,
      });
    case 'tensor':
      return tensorItem(node);
    case 'detail':
      return detailItem(node);
    case 'sample':
      return item(node.key, None, {
        iconPath: new vscode.ThemeIcon('beaker'),
        contextValue: 'sample',
        tooltip: `Sample ${node.key}`,
        command: { command: commands.openSamples, title: 'Open Sample', arguments: [node] },
        accessibilityInformation: { label: `sample ${node.key}` },
      });
    case 'endpoint':
      return endpointItem(node.endpoint, node.under);
    case 'target':
      return targetItem(node);
    case 'releases':
      return releasesItem(node.model, node.target, node.releases);
    case 'release':
      return releaseItem(node.release, node.target, node.under);
  }
}

function modelItem(model: Model): vscode.TreeItem {
  const path = vscode.workspace.asRelativePath(model.uri);
  const folder = path.slice(0, Math.max(path.lastIndexOf('/'), 0));
  const label = isFolder(path)
    ? titleOf(model.uri.fsPath)
    : path.slice(folder.length ? folder.length + 1 : 0);
  const { broken } = model;
  return item(label, Collapsed, {
    id: model.uri.toString(),
    description: broken === undefined ? folder : ['broken', folder].filter(Boolean).join(' · '),
    iconPath: broken === undefined ? new vscode.ThemeIcon('circuit-board') : wrongIcon(),
    tooltip: broken === undefined ? `${path}\nServed as ${model.name}` : `${path}\n${broken}`,
    contextValue: broken === undefined ? 'model' : 'model.broken',
    accessibilityInformation: {
      label: broken === undefined ? `model ${label} in ${folder}` : `model ${label}, broken: ${broken}`,
    },
  });
}

function tensorItem({ tensor, role }: Extract<Node, { kind: 'tensor' }>): vscode.TreeItem {
  const words = tensorWords(tensor);
  return item(tensor.name, None, {
    description: words,
    iconPath: new vscode.ThemeIcon(role === 'input' ? 'arrow-right' : 'arrow-left'),
    tooltip: `${role} ${tensor.name}: ${words}`,
    contextValue: 'tensor',
    accessibilityInformation: { label: `${role} ${tensor.name}, ${words}` },
  });
}

function detailItem({ label, description, icon, wrong, command }: DetailNode): vscode.TreeItem {
  const words = [label, description].filter(Boolean).join(': ');
  return item(label, None, {
    description,
    iconPath: wrong ? wrongIcon() : new vscode.ThemeIcon(icon),
    tooltip: words,
    command,
    accessibilityInformation: { label: wrong ? `problem: ${words}` : words },
  });
}

function targetItem({
  target,
  error,
  known,
}: {
  target: Target;
  error?: Error;
  known: boolean;
}): vscode.TreeItem {
  return item(target.name, Expanded, {
    id: target.name,
    description: error ? 'away' : `${target.kind} · ${target.address}`,
    iconPath: error ? wrongIcon() : known ? new vscode.ThemeIcon('server') : healthIcon('starting'),
    tooltip: [target.address, error?.message].filter(Boolean).join('\n'),
    contextValue: ['target', target.manifests && 'canExport'].filter(Boolean).join('.'),
    accessibilityInformation: {
      label: `target ${target.name}, ${error ? `away: ${error.message}` : target.address}`,
    },
  });
}
