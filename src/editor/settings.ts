import * as vscode from 'vscode';
import type { Settings } from '../contributions';

/** A setting as it is now; its default stands in `package.json`. */
export function setting<K extends keyof Settings>(key: K): Settings[K] {
  const value = vscode.workspace.getConfiguration().get<Settings[K]>(key);
  if (value === undefined) throw new Error(`The setting ${key} has no default.`);
  return value;
}
