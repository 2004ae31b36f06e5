import * as vscode from 'vscode';
import { commands } from '../../contributions';
import type { Endpoint } from '../../core/endpoint/endpoint';
import { tensorWords } from '../../core/model/signatureWords';
import type { Release, Target } from '../../core/target/target';
import type { Model } from '../services';
import { age } from '../words';
import type { Node } from './nodes';

const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;

/** The line of a node: short there, all of it in the tooltip, and in words for screen readers. */
export function treeItem(node: Node): vscode.TreeItem {
  switch (node.kind) {
    case 'model':
      return modelItem(node.model);
    case 'group':
      return item(node.title, node.expanded ? Expanded : Collapsed, {
        iconPath: new vscode.ThemeIcon(node.icon),
        contextValue: node.context,
      });
    case 'tensor': {
      const { tensor, role } = node;
      const words = tensorWords(tensor);
      return item(tensor.name, None, {
        description: words,
        iconPath: new vscode.ThemeIcon(role === 'input' ? 'arrow-right' : 'arrow-left'),
        tooltip: `${role} ${tensor.name}: ${words}`,
        accessibilityInformation: { label: `${role} ${tensor.name}, ${words}` },
      });
    }
    case 'detail':
      return item(node.label, None, {
        description: node.description,
        iconPath: new vscode.ThemeIcon(node.icon),
      });
    case 'sample':
      return item(node.key, None, {
        iconPath: new vscode.ThemeIcon('beaker'),
        contextValue: 'sample',
        command: { command: commands.openSamples, title: 'Open Sample', arguments: [node] },
      });
    case 'endpoint':
      return endpointItem(node.endpoint);
    case 'target':
      return targetItem(node.target, node.error, node.known);
    case 'releases': {
      const stable = node.releases.find(({ stableUrl }) => stableUrl)?.stableUrl;
      return item(node.model, Expanded, {
        description: stable ?? 'no release serves',
        iconPath: new vscode.ThemeIcon('symbol-class'),
        contextValue: node.releases.some(({ state }) => state === 'retired')
          ? 'releases.canRollBack'
          : 'releases',
      });
    }
    case 'release':
      return releaseItem(node.release);
  }
}

type Parts = Partial<
  Pick<
    vscode.TreeItem,
    | 'description'
    | 'iconPath'
    | 'tooltip'
    | 'contextValue'
    | 'command'
    | 'accessibilityInformation'
    | 'resourceUri'
    | 'id'
  >
>;

function item(label: string, state: vscode.TreeItemCollapsibleState, parts: Parts): vscode.TreeItem {
  return Object.assign(new vscode.TreeItem(label, state), parts);
}

function modelItem(model: Model): vscode.TreeItem {
  const relative = vscode.workspace.asRelativePath(model.uri);
  const folder = relative.slice(0, Math.max(relative.lastIndexOf('/'), 0));
  const label = relative.slice(folder.length ? folder.length + 1 : 0);
  if (model.broken !== undefined) {
    return item(label, None, {
      id: model.uri.toString(),
      description: model.broken,
      iconPath: new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground')),
      tooltip: `${relative}\n${model.broken}`,
      contextValue: 'model.broken',
      accessibilityInformation: { label: `${label}, broken: ${model.broken}` },
    });
  }
  return item(label, Collapsed, {
    id: model.uri.toString(),
    description: folder,
    iconPath: new vscode.ThemeIcon('symbol-class'),
    tooltip: `${relative}\nserved as ${model.name}`,
    contextValue: 'model',
    accessibilityInformation: { label: `model ${label}` },
  });
}

const healthIcons = {
  ready: ['pass-filled', 'testing.iconPassed'],
  starting: ['loading~spin', undefined],
  unhealthy: ['warning', 'list.warningForeground'],
  stopped: ['debug-stop', 'disabledForeground'],
} as const;

function healthIcon(health: keyof typeof healthIcons): vscode.ThemeIcon {
  const [icon, colour] = healthIcons[health];
  return new vscode.ThemeIcon(icon, colour && new vscode.ThemeColor(colour));
}

function endpointItem(endpoint: Endpoint): vscode.TreeItem {
  const { model, url, engine, health, detail, created } = endpoint;
  const parts = [url ?? 'no address', engine, health, age(created)];
  return item(model.name, None, {
    id: endpoint.id,
    description: parts.join(' · '),
    iconPath: healthIcon(health),
    tooltip: tooltip([
      ['Endpoint', model.name],
      ['URL', url],
      ['Health', detail ? `${health}: ${detail}` : health],
      ['Engine', engine],
      ['Model', model.path],
      ['Model hash', model.hash.slice(0, 12)],
      ['Started', created.toLocaleString()],
    ]),
    contextValue: `endpoint.${url && health !== 'stopped' ? 'running' : 'stopped'}.${engine}`,
    accessibilityInformation: { label: `endpoint ${model.name}, ${parts.join(', ')}` },
  });
}

function targetItem(target: Target, error: Error | undefined, known: boolean): vscode.TreeItem {
  const icon = error
    ? new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'))
    : new vscode.ThemeIcon(known ? 'server' : 'loading~spin');
  return item(target.name, error ? None : Expanded, {
    id: target.name,
    description: error ? error.message : `${target.kind} · ${target.address}`,
    iconPath: icon,
    tooltip: error ? `${target.address}\n${error.message}` : target.address,
    contextValue: 'target',
    accessibilityInformation: { label: `target ${target.name}${error ? `, ${error.message}` : ''}` },
  });
}

function releaseItem(release: Release): vscode.TreeItem {
  const { revision, state, health, detail, traffic, digest, note, author, created, url, stableUrl, model } =
    release;
  const short = digest.replace(/^sha256:/, '').slice(0, 12);
  const status = state === 'serving' ? `serving ${traffic} %` : state;
  const parts = [status, ...(health === 'ready' ? [] : [health]), note, short, age(created)].filter(Boolean);
  return item(`r${revision}`, None, {
    id: release.id,
    description: parts.join(' · '),
    iconPath: healthIcon(health),
    tooltip: tooltip([
      ['Release', `${model.name} r${revision} on ${release.target}`],
      ['State', status],
      ['Health', detail ? `${health}: ${detail}` : health],
      ['Note', note],
      ['Digest', digest],
      ['By', author],
      ['Deployed', created.toLocaleString()],
      ['Stable URL', stableUrl],
      ['Own URL', url],
      ['Model hash', model.hash.slice(0, 12)],
    ]),
    contextValue: `release.${state}.${url ? 'running' : 'stopped'}`,
    accessibilityInformation: { label: `release ${revision} of ${model.name}, ${parts.join(', ')}` },
  });
}

function tooltip(lines: [name: string, value: string | undefined][]): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  for (const [name, value] of lines) {
    if (!value) continue;
    text.appendMarkdown(`**${name}:** `).appendText(value).appendMarkdown('  \n');
  }
  return text;
}
