import * as vscode from 'vscode';
import { views } from '../contributions';
import { DisposableStore, type Disposable } from '../core/dispose';
import type { Services } from './services';

/** Sums up in the status bar what runs; not there while nothing does. Looks after endpoints only while there are some. */
export function registerStatusBar({ endpoints, targets }: Services): Disposable {
  const store = new DisposableStore();
  const bar = store.add(
    vscode.window.createStatusBarItem('slipway.running', vscode.StatusBarAlignment.Left, 10),
  );
  bar.name = 'Slipway';
  bar.command = `${views.endpoints}.focus`;
  let watching: Disposable | undefined;
  store.add({ dispose: () => watching?.dispose() });

  const update = () => {
    const running = endpoints.list().filter(({ health }) => health !== 'stopped');
    const serving = targets
      .targets()
      .flatMap((target) => targets.releases(target).filter(({ state }) => state === 'serving'));
    if (running.length > 0) watching ??= endpoints.watch();
    else {
      watching?.dispose();
      watching = undefined;
    }
    if (running.length + serving.length === 0) return bar.hide();
    const ill =
      running.filter(({ health }) => health === 'unhealthy').length +
      serving.filter(({ health }) => health !== 'ready').length;
    const parts = [
      ...(running.length > 0 ? [`${running.length} endpoint${running.length > 1 ? 's' : ''}`] : []),
      ...(serving.length > 0 ? [`${serving.length} release${serving.length > 1 ? 's' : ''}`] : []),
    ];
    bar.text = `$(${ill > 0 ? 'warning' : 'server-process'}) ${parts.join(', ')}`;
    bar.backgroundColor = ill > 0 ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    bar.accessibilityInformation = {
      label: `Slipway: ${parts.join(', ')}${ill > 0 ? `, ${ill} not healthy` : ''}`,
    };
    const tooltip = new vscode.MarkdownString();
    for (const { model, url, health } of running)
      tooltip.appendText(`${model.name}: ${url ?? 'no address'}, ${health}`).appendMarkdown('  \n');
    for (const { model, target, revision, stableUrl } of serving) {
      tooltip
        .appendText(`${model.name} r${revision} on ${target}: ${stableUrl ?? ''}`)
        .appendMarkdown('  \n');
    }
    bar.tooltip = tooltip;
    bar.show();
  };
  store.add(endpoints.onChange(update));
  store.add(targets.onChange(update));
  return store;
}
