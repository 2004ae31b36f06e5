import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../core/dispose';
import { UserError } from '../core/errors';
import { describeRelease } from '../core/release/describe';
import type { Release } from '../core/target/target';
import type { Services } from './services';

const scheme = 'slipway';

/** Read-only documents about releases and plans. A release's page follows what its target says. */
export class ReleasePages implements vscode.TextDocumentContentProvider, Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<vscode.Uri>());
  readonly onDidChange = this.#changed.event;
  readonly #plans = new Map<string, string>();

  constructor(private readonly services: Services) {
    this.#store.add(vscode.workspace.registerTextDocumentContentProvider(scheme, this));
    this.#store.add(services.targets.onChange(() => this.#refresh()));
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const plan = this.#plans.get(uri.path);
    if (plan !== undefined) return plan;
    const release = await this.find(uri.path);
    return release ? describeRelease(release) : `# ${uri.path.slice(1)} is not there any more.\n`;
  }

  async show(release: Release): Promise<void> {
    await vscode.window.showTextDocument(pageOf(release), { preview: true });
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
    await vscode.commands.executeCommand('vscode.diff', pageOf(older), pageOf(newer), title);
  }

  /** The release behind `/TARGET/MODEL/REVISION`, also with more behind it. */
  async find(path: string): Promise<Release | undefined> {
    const [, name = '', model, revision] = /^\/([^/]+)\/([^/]+)\/(\d+)(\/|$)/.exec(path) ?? [];
    const { targets, syncTargets } = this.services;
    if (!targets.get(name)) await syncTargets();
    const target = targets.get(name);
    if (!target) return undefined;
    if (!targets.known(target)) await targets.refresh();
    return targets
      .releases(target)
      .find((release) => release.model.name === model && release.revision === Number(revision));
  }

  /** Opens what a link leads to: `vscode://slipway.slipway/staging/iris/3`. */
  async follow({ path }: vscode.Uri): Promise<void> {
    const release = await this.find(path);
    if (release) return this.show(release);
    throw new UserError(
      'release-missing',
      `This workspace has no release ${path.slice(1)}.`,
      'Open the folder whose slipway.json names its target.',
    );
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

/** A link that opens the page of a release in whoever's VS Code has the workspace open. */
export function linkTo(release: Release): vscode.Uri {
  return vscode.Uri.from({
    scheme: vscode.env.uriScheme,
    authority: 'slipway.slipway',
    path: `/${release.id}`,
  });
}

/** Its last part is what the tab says. */
function pageOf({ id, model, revision }: Release): vscode.Uri {
  return vscode.Uri.from({ scheme, path: `/${id}/${model.name} r${revision}.yaml` });
}
