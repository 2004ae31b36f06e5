import { join } from 'node:path';
import * as vscode from 'vscode';
import { setting } from './settings';

/** What the core is told by where the extension is installed and by settings; these are read when they are needed, so that a change of one needs no restart. */
export function coreOptions(context: vscode.ExtensionContext, log: vscode.LogOutputChannel) {
  return {
    dist: context.asAbsolutePath('dist'),
    version: (context.extension.packageJSON as { version: string }).version,
    /** Where the process engine finds its endpoints again. */
    folder: join(context.globalStorageUri.fsPath, 'endpoints'),
    log,
    get nodePath() {
      return setting('slipway.server.nodePath');
    },
    get timeoutSeconds() {
      return setting('slipway.predict.timeoutSeconds');
    },
    get idleMinutes() {
      return setting('slipway.predict.idleMinutes');
    },
    get host() {
      return setting('slipway.docker.host');
    },
    get nodeBase() {
      return setting('slipway.image.nodeBase');
    },
    get pythonBase() {
      return setting('slipway.image.pythonBase');
    },
    get proxyImage() {
      return setting('slipway.image.proxy');
    },
    get root() {
      return vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    },
    get trusted() {
      return vscode.workspace.isTrusted;
    },
    get memoryMiB() {
      return setting('slipway.serve.memoryMiB');
    },
  };
}
