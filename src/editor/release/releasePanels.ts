import * as vscode from 'vscode';
import { commands } from '../../contributions';
import { DisposableStore, type Disposable } from '../../core/dispose';
import { fromPage, viewState, type Action, type FromPage, type ToPage } from '../../core/protocol/release';
import { parseReleaseId, releaseId, shortName, type ReleaseName } from '../../core/release/releaseId';
import { copy } from '../copy';
import type { Services } from '../services';
import { webviewHtml } from '../webviewHtml';
import { findRelease } from './findRelease';
import { ReleasePushes } from './releasePushes';

/** The view type of the panel; `package.json` activates the extension by `onWebviewPanel:` and this. */
export const releaseViewType = 'slipway.release';

const commandOf: Record<Action, string> = {
  finish: commands.finishDeploy,
  promote: commands.promote,
  setTraffic: commands.setTraffic,
  rollBack: commands.rollBack,
  scale: commands.scale,
  metrics: commands.openMetrics,
  logs: commands.openLogs,
  compare: commands.compareRelease,
  copyLink: commands.copyReleaseLink,
  remove: commands.removeRelease,
};

/** The pages of releases, one each: opens them, and restores them after a reload of the window. */
export class ReleasePanels implements Disposable {
  readonly #store = new DisposableStore();
  readonly #open = new Map<string, vscode.WebviewPanel>();

  constructor(
    private readonly context: Pick<vscode.ExtensionContext, 'extensionUri'>,
    private readonly services: Pick<Services, 'targets' | 'syncTargets' | 'log' | 'showError'>,
  ) {
    this.#store.add(
      vscode.window.registerWebviewPanelSerializer(releaseViewType, {
        deserializeWebviewPanel: (panel, state) => this.#restore(panel, state),
      }),
    );
  }

  /** Shows the page of the release of this id; one that is open already is brought to the front. */
  open(id: string): void {
    const named = parseReleaseId(id);
    if (!named) return;
    const open = this.#open.get(id);
    if (open) return open.reveal();
    this.#show(
      vscode.window.createWebviewPanel(releaseViewType, shortName(named), vscode.ViewColumn.Active),
      named,
    );
  }

  dispose(): void {
    for (const panel of [...this.#open.values()]) panel.dispose();
    this.#store.dispose();
  }

  #restore(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const named = parseReleaseId(viewState.safeParse(state).data?.id ?? '');
    if (named && !this.#open.has(releaseId(named))) this.#show(panel, named);
    else panel.dispose();
    return Promise.resolve();
  }

  #show(panel: vscode.WebviewPanel, named: ReleaseName): void {
    const id = releaseId(named);
    const resources = vscode.Uri.joinPath(this.context.extensionUri, 'dist', 'webview');
    const file = (name: string) => vscode.Uri.joinPath(resources, name);
    const { webview } = panel;
    panel.title = `${shortName(named)} on ${named.target}`;
    webview.options = { enableScripts: true, localResourceRoots: [resources] };

    this.#open.set(id, panel);
    const post = (message: ToPage) => void webview.postMessage(message);
    const pushes = new ReleasePushes(named, this.services, post);
    webview.onDidReceiveMessage((message: unknown) => this.#receive(message, id, pushes));
    panel.onDidChangeViewState(() => {
      if (!panel.visible) pushes.stop();
    });
    panel.onDidDispose(() => {
      this.#open.delete(id);
      pushes.dispose();
    });
    webview.html = webviewHtml(webview, {
      title: panel.title,
      script: file('release.js'),
      styles: [file('codicon.css'), file('release.css')],
    });
  }

  #receive(message: unknown, id: string, pushes: ReleasePushes): void {
    const { log, showError } = this.services;
    const parsed = fromPage.safeParse(message);
    if (parsed.success) this.#heed(parsed.data, id, pushes).catch(showError);
    else log.warn('The page of a release sent what nothing expects', parsed.error.message);
  }

  async #heed(message: FromPage, id: string, pushes: ReleasePushes): Promise<void> {
    if (message.type === 'ready') return pushes.start();
    if (message.type === 'retry') return pushes.retry();
    if (message.type === 'open') return this.open(message.id);
    if (message.type === 'failed')
      return this.services.log.error('The page of a release failed', message.message);
    if (message.type === 'copyUrl') return copy(message.url, message.url);
    const release = await findRelease(id, this.services);
    // It went meanwhile, and the page is told so.
    if (!release) return;
    const target = this.services.targets.get(release.target);
    await vscode.commands.executeCommand(commandOf[message.action], { kind: 'release', release, target });
  }
}
