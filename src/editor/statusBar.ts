import * as vscode from 'vscode';
import { views } from '../contributions';
import { DisposableStore, type Disposable } from '../core/dispose';
import { healthNames, isIll } from '../core/protocol/health';
import type { Release } from '../core/target/target';
import type { Services } from './services';

/** How often releases are looked after while no view does it, in milliseconds. */
const releasePeriod = 30_000;
/** Whether anything ran when somebody looked last; only then the next window looks by itself. */
const ranKey = 'slipway.somethingRan';

/** Sums up in the status bar what runs; not there while nothing does. Looks after it only while there is something. */
export function registerStatusBar({ endpoints, targets }: Services, memory: vscode.Memento): Disposable {
  const store = new DisposableStore();
  const bar = store.add(
    vscode.window.createStatusBarItem('slipway.running', vscode.StatusBarAlignment.Left, 10),
  );
  bar.name = 'Slipway';
  bar.command = { command: `${views.endpoints}.focus`, title: 'Show Endpoints' };
  let watching: DisposableStore | undefined;
  store.add({ dispose: () => watching?.dispose() });

  const update = () => {
    const running = endpoints.list().filter(({ health }) => health !== 'stopped');
    const serving = targets
      .targets()
      .flatMap((target) => [...targets.releases(target), ...targets.lastKnown(target)])
      .filter(({ state }) => state === 'serving');
    const any = running.length + serving.length > 0;
    if (any && !watching) void memory.update(ranKey, true);
    if (!any) {
      if (watching) void memory.update(ranKey, false);
      watching?.dispose();
      watching = undefined;
      return bar.hide();
    }
    watching ??= watch();
    const ill = [...running, ...serving].filter(({ health }) => isIll(health)).length;
    const count = running.length > 0 ? [`${running.length} endpoint${running.length > 1 ? 's' : ''}`] : [];
    const parts = [...count, ...releaseWords(serving)];
    bar.text = `$(${ill > 0 ? 'warning' : 'server'}) ${parts.join(' · ')}`;
    bar.backgroundColor = ill > 0 ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    bar.accessibilityInformation = {
      label: `Slipway: ${[...parts, ...(ill > 0 ? [`${ill} not healthy`] : [])].join(', ')}`,
    };
    bar.tooltip = tooltip([
      ...running.map(({ model, url, health }) => `${model.name}: ${url ?? 'no address yet'}, ${health}`),
      ...serving.map(({ model, target, revision, stableUrl = '', health }) =>
        [`${model.name} r${revision} on ${target}: ${stableUrl}`, healthNames[health]].join(', '),
      ),
    ]);
    bar.show();
  };
  const watch = () => {
    const watched = new DisposableStore();
    watched.add(endpoints.watch());
    const timer = setInterval(() => vscode.window.state.focused && void targets.refresh(), releasePeriod);
    watched.add({ dispose: () => clearInterval(timer) });
    return watched;
  };
  store.add(endpoints.onChange(update));
  store.add(targets.onChange(update));
  return store;
}

/** Looks once at what runs, if something did when somebody looked last. */
export async function recall(
  { endpoints, targets, syncTargets }: Services,
  memory: vscode.Memento,
): Promise<void> {
  if (!memory.get(ranKey)) return;
  // Who wants to know what is wrong with slipway.json looks at the targets.
  await Promise.allSettled([endpoints.refresh(), syncTargets().then(() => targets.refresh())]);
}

/** `staging r3`; of a target with several models only how many; of one that is away also that nobody knows how they are. */
function releaseWords(serving: Release[]): string[] {
  const names = [...new Set(serving.map(({ target }) => target))];
  return names.map((target) => {
    const here = serving.filter((release) => release.target === target);
    const words = here.length > 1 ? `${here.length} releases` : `r${here[0]?.revision}`;
    const isAway = here.some(({ health }) => health === 'unknown');
    return [target, words, ...(isAway ? [healthNames.unknown] : [])].join(' ');
  });
}

function tooltip(lines: string[]): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  for (const line of lines) text.appendText(line).appendMarkdown('  \n');
  return text;
}
