import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../core/dispose';
import { describeRelease } from '../../core/release/describe';
import type { Release } from '../../core/target/target';
import type { Services } from '../services';
import { findRelease } from './findRelease';

const scheme = 'slipway';

/** Read-only documents: plans of deploys, and releases as text to compare. A release's text follows what its target says. */
export class ReleaseDocuments implements vscode.TextDocumentContentProvider, Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<vscode.Uri>());
  readonly onDidChange = this.#changed.event;
  readonly #plans = new Map<string, string>();

  constructor(private readonly services: Pick<Services, 'targets' | 'syncTargets'>) {
    this.#store.add(vscode.workspace.registerTextDocumentContentProvider(scheme, this));
    this.#store.add(services.targets.onChange(() => this.#refresh()));
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const plan = this.#plans.get(uri.path);
    if (plan !== undefined) return plan;
    const [, id = ''] = /^\/([^/]+\/[^/]+\/\d+)\//.exec(uri.path) ?? [];
    const release = await findRelease(id, this.services);
    return release ? describeRelease(release) : `# ${id} is not there any more.\n`;
  }

  async showPlan(name: string, text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme, path: `/plan/${name}.diff` });
    this.#plans.set(uri.path, text);
    this.#changed.fire(uri);
    await vscode.window.showTextDocument(uri, { preview: true });
  }

  /** What differs between two releases, side by side, the older one on the left. */
  async compare(one: Release, other: Release): Promise<void> {
    const [older, newer] = one.revision < other.revision ? [one, other] : [other, one];
    const title = `${older.model.name}: r${older.revision} ↔ r${newer.revision} on ${newer.target}`;
    await vscode.commands.executeCommand('vscode.diff', documentOf(older), documentOf(newer), title);
  }

  dispose(): void {
    this.#store.dispose();
  }

  #refresh(): void {
    for (const { uri } of vscode.workspace.textDocuments) {
      if (uri.scheme === scheme && !this.#plans.has(uri.path)) this.#changed.fire(uri);
    }
  }
}

/** Its last part is what the tab says. */
function documentOf({ id, model, revision }: Release): vscode.Uri {
  return vscode.Uri.from({ scheme, path: `/${id}/${model.name} r${revision}.yaml` });
}
