import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../core/dispose';
import type { Event } from '../../core/event';
import { treeItem } from './items';
import type { Node } from './nodes';

/** How often what grows older is shown anew, in milliseconds. */
const agePeriod = 30_000;

/** What one view shows. */
export interface TreeSource {
  changes: Event<void>[];
  roots(): Node[] | Promise<Node[]>;
  children(node: Node): Node[] | Promise<Node[]>;
  /** Called when the view becomes visible: keeps what it shows up to date until it is hidden. */
  watch(): Disposable;
  /** Whether lines say how old something is. */
  ages?: boolean;
  /** A sentence above the items. */
  message?(): string | undefined;
}

/** Registers a view that does no work while nobody sees it. */
export function registerView(id: string, source: TreeSource): Disposable {
  const store = new DisposableStore();
  // Asked for before VS Code is told of a change: from then until it has them, it does not know on which item somebody clicks.
  let ahead: Node[] | undefined;
  const takeRoots = () => {
    const roots = ahead ?? source.roots();
    ahead = undefined;
    return roots;
  };
  const changed = store.add(new vscode.EventEmitter<void>());
  const view = store.add(
    vscode.window.createTreeView<Node>(id, {
      showCollapseAll: true,
      treeDataProvider: {
        onDidChangeTreeData: changed.event,
        getTreeItem: treeItem,
        getChildren: (node) => (node ? source.children(node) : takeRoots()),
      },
    }),
  );
  let refreshes = 0;
  const refresh = async () => {
    const own = ++refreshes;
    view.message = source.message?.();
    // What goes wrong with them is told when VS Code asks for them.
    const asked = async () => (view.visible ? source.roots() : undefined);
    const roots = await asked().catch(() => undefined);
    if (own !== refreshes) return;
    ahead = view.visible ? roots : undefined;
    changed.fire();
  };
  for (const change of source.changes) store.add(change(() => void refresh()));
  store.add(vscode.workspace.onDidGrantWorkspaceTrust(() => void refresh()));
  let watching: DisposableStore | undefined;
  const follow = () => {
    watching?.dispose();
    watching = undefined;
    ahead = undefined;
    if (!view.visible) return;
    watching = new DisposableStore();
    watching.add(source.watch());
    const timer = source.ages && setInterval(() => void refresh(), agePeriod);
    if (timer) watching.add({ dispose: () => clearInterval(timer) });
  };
  store.add(view.onDidChangeVisibility(follow));
  store.add({ dispose: () => watching?.dispose() });
  view.message = source.message?.();
  follow();
  return store;
}
