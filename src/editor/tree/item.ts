import * as vscode from 'vscode';
import type { ReleaseHealth } from '../../core/target/target';

type Parts = Pick<
  vscode.TreeItem,
  'accessibilityInformation' | 'command' | 'contextValue' | 'description' | 'iconPath' | 'id' | 'tooltip'
>;

export function item(label: string, state: vscode.TreeItemCollapsibleState, parts: Parts): vscode.TreeItem {
  return Object.assign(new vscode.TreeItem(label, state), parts);
}

const healthIcons: Record<ReleaseHealth, [icon: string, colour?: string]> = {
  ready: ['pass-filled', 'testing.iconPassed'],
  starting: ['loading~spin'],
  degraded: ['warning', 'list.warningForeground'],
  unhealthy: ['warning', 'list.warningForeground'],
  stopped: ['debug-stop', 'disabledForeground'],
  deleting: ['trash', 'disabledForeground'],
  unknown: ['question', 'disabledForeground'],
};

/** For endpoints too, which have some of them. */
export function healthIcon(health: ReleaseHealth): vscode.ThemeIcon {
  const [icon, colour] = healthIcons[health];
  return new vscode.ThemeIcon(icon, colour === undefined ? undefined : new vscode.ThemeColor(colour));
}

export function wrongIcon(): vscode.ThemeIcon {
  return new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
}

/** A table of names and values; what has no value is left out. */
export function tooltip(lines: [name: string, value: string | undefined][]): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  for (const [name, value] of lines) {
    if (value) text.appendMarkdown(`**${name}:** `).appendText(value).appendMarkdown('  \n');
  }
  return text;
}
