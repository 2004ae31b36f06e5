import * as vscode from 'vscode';
import { contextKeys } from '../contributions';
import { configFileName, loadConfig, type Config } from '../core/config/config';
import { DisposableStore, type Disposable } from '../core/dispose';
import { Emitter } from '../core/event';
import type { ConfigStore } from './services';

/** `slipway.json` at the root of the first folder. */
export class WorkspaceConfig implements ConfigStore, Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new Emitter<void>());
  readonly onChange = this.#changed.event;
  #loaded: Promise<Config | undefined> | undefined;

  constructor() {
    const folder = vscode.workspace.workspaceFolders?.[0];
    if (folder) {
      const pattern = new vscode.RelativePattern(folder, configFileName);
      const watcher = this.#store.add(vscode.workspace.createFileSystemWatcher(pattern));
      const forget = () => this.#forget();
      for (const event of [watcher.onDidCreate, watcher.onDidChange, watcher.onDidDelete])
        this.#store.add(event(forget));
    }
    this.#store.add(vscode.workspace.onDidChangeWorkspaceFolders(() => this.#forget()));
  }

  get uri(): vscode.Uri | undefined {
    const folder = vscode.workspace.workspaceFolders?.[0];
    return folder && vscode.Uri.joinPath(folder.uri, configFileName);
  }

  get(): Promise<Config | undefined> {
    this.#loaded ??= this.#load();
    return this.#loaded;
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #load(): Promise<Config | undefined> {
    const setHasConfig = (has: boolean) =>
      vscode.commands.executeCommand('setContext', contextKeys.hasConfig, has);
    if (!this.uri) return undefined;
    try {
      const config = await loadConfig(this.uri.fsPath, 'Correct it; the errors are marked in the file.');
      void setHasConfig(config !== undefined);
      return config;
    } catch (error) {
      void setHasConfig(true);
      throw error;
    }
  }

  #forget(): void {
    this.#loaded = undefined;
    this.#changed.fire();
  }
}
