import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../core/dispose';
import { messageOf } from '../core/errors';
import type { Logger } from '../core/logger';
import type { TargetStore } from '../core/release/targetStore';
import type { ConfigStore } from './services';

/** Settings that targets are made with. */
const madeWith = ['slipway.docker', 'slipway.image'];

/**
 * Keeps the targets as `slipway.json` names them; where that has errors, as it named them last. In a workspace that is not trusted there
 * are none: to ask one what runs there is a connection to wherever the file says.
 */
export class FollowConfig implements Disposable {
  readonly #store = new DisposableStore();

  constructor(
    private readonly config: ConfigStore,
    private readonly targets: TargetStore,
    private readonly log: Logger,
  ) {
    this.#store.add(config.onChange(() => this.#follow()));
    this.#store.add(vscode.workspace.onDidGrantWorkspaceTrust(() => this.#follow()));
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (!madeWith.some((section) => event.affectsConfiguration(section))) return;
        targets.configure(undefined);
        this.#follow();
      }),
    );
    this.#follow();
  }

  /** Takes over `slipway.json` as it is now. Throws `UserError` `config-invalid` when it has errors. */
  async now(): Promise<void> {
    const config = await this.config.get();
    this.targets.configure(vscode.workspace.isTrusted ? config : undefined);
  }

  dispose(): void {
    this.#store.dispose();
  }

  #follow(): void {
    this.now().catch((error: unknown) => this.log.warn(messageOf(error)));
  }
}
