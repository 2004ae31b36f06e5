import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../core/dispose';
import type { Event } from '../../core/event';
import { treeItem } from './items';
import type { Node } from './nodes';

/** Ages are shown in minutes at the least; milliseconds. */
const agePeriod = 30_000;

/** What one view shows. */
export interface TreeSource {
  changes: Event<void>[];
  roots(): Node[] | Promise<Node[]>;
  children(node: Node): Node[] | Promise<Node[]>;
  /** Called while the view is visible: keeps what it shows up to date. */
  watch?(): Disposable;
}

/** Registers a view that does no work while nobody sees it. */
export function registerView(id: string, source: TreeSource): Disposable {
  const store = new DisposableStore();
  const changed = store.add(new vscode.EventEmitter<void>());
  const view = store.add(
    vscode.window.createTreeView<Node>(id, {
      showCollapseAll: true,
      treeDataProvider: {
        onDidChangeTreeData: changed.event,
        getTreeItem: treeItem,
        getChildren: (node) => (node ? source.children(node) : source.roots()),
      },
    }),
  );
  const refresh = () => changed.fire();
  for (const change of source.changes) store.add(change(refresh));
  let watching: DisposableStore | undefined;
  const follow = () => {
    watching?.dispose();
    watching = undefined;
    if (!view.visible) return;
    watching = new DisposableStore();
    if (source.watch) watching.add(source.watch());
    const timer = setInterval(refresh, agePeriod);
    watching.add({ dispose: () => clearInterval(timer) });
  };
  store.add(view.onDidChangeVisibility(follow));
  store.add({ dispose: () => watching?.dispose() });
  follow();
  return store;
}
