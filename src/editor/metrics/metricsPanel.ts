import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../core/dispose';
import type { Logger } from '../../core/logger';
import type { Monitor } from '../../core/metrics/monitor';
import type { MetricsSource } from '../../core/metrics/source';
import { fromPage, viewState, type ToPage } from '../../core/protocol/metrics';
import { webviewHtml } from '../webviewHtml';
import { lookedUp, type ResolveSource } from './panelSources';
import { Pushes } from './pushes';

export type { MetricsSource } from '../../core/metrics/source';

/** The view type of the panel; `package.json` activates the extension by `onWebviewPanel:` and this. */
export const metricsViewType = 'slipway.metrics';

interface Open {
  panel: vscode.WebviewPanel;
  ids: string;
}

/** The panels with live metrics: opens them, and restores them after a reload of the window. */
export class MetricsPanels implements Disposable {
  readonly #store = new DisposableStore();
  readonly #open = new Set<Open>();

  constructor(
    private readonly context: Pick<vscode.ExtensionContext, 'extensionUri'>,
    private readonly monitor: Monitor,
    private readonly resolve: ResolveSource,
    private readonly log: Logger,
  ) {
    this.#store.add(
      vscode.window.registerWebviewPanelSerializer(metricsViewType, {
        deserializeWebviewPanel: (panel, state) => this.#restore(panel, state),
      }),
    );
  }

  /** Shows these sources side by side; a panel that already does is brought to the front. */
  open(sources: readonly MetricsSource[]): void {
    if (!sources.length) return;
    const ids = idsOf(sources);
    const open = [...this.#open].find((candidate) => candidate.ids === ids);
    if (open) return open.panel.reveal();
    const panel = vscode.window.createWebviewPanel(metricsViewType, 'Metrics', vscode.ViewColumn.Active);
    this.#show(
      panel,
      sources.map((source) => lookedUp(source, this.resolve, source)),
    );
  }

  dispose(): void {
    for (const { panel } of [...this.#open]) panel.dispose();
    this.#store.dispose();
  }

  #restore(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const parsed = viewState.safeParse(state);
    if (parsed.success) {
      this.#show(
        panel,
        parsed.data.sources.map((source) => lookedUp(source, this.resolve)),
      );
    } else {
      this.log.warn('A metrics panel could not be restored', parsed.error.message);
      panel.dispose();
    }
    return Promise.resolve();
  }

  #show(panel: vscode.WebviewPanel, sources: MetricsSource[]): void {
    const resources = vscode.Uri.joinPath(this.context.extensionUri, 'dist', 'webview');
    const file = (name: string) => vscode.Uri.joinPath(resources, name);
    const { webview } = panel;
    panel.title = `Metrics: ${sources.map(({ label }) => label).join(', ')}`;
    webview.options = { enableScripts: true, localResourceRoots: [resources] };

    const open = { panel, ids: idsOf(sources) };
    this.#open.add(open);
    const pushes = new Pushes(sources, this.monitor, (message: ToPage) => void webview.postMessage(message));
    webview.onDidReceiveMessage((message: unknown) => this.#receive(message, pushes));
    panel.onDidChangeViewState(() => {
      if (!panel.visible) pushes.stop();
    });
    panel.onDidDispose(() => {
      this.#open.delete(open);
      pushes.dispose();
    });
    webview.html = webviewHtml(webview, {
      title: panel.title,
      script: file('metrics.js'),
      styles: [file('codicon.css'), file('metrics.css')],
    });
  }

  #receive(message: unknown, pushes: Pushes): void {
    const parsed = fromPage.safeParse(message);
    if (!parsed.success) this.log.warn('The metrics page sent what nothing expects', parsed.error.message);
    else if (parsed.data.type === 'ready') pushes.start();
    else this.log.error('The metrics page failed', parsed.data.message);
  }
}

function idsOf(sources: readonly { id: string }[]): string {
  return JSON.stringify(sources.map(({ id }) => id).sort());
}
