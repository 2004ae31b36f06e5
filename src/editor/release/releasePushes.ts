import { DisposableStore, type Disposable } from '../../core/dispose';
import type { ToPage } from '../../core/protocol/release';
import type { ReleaseName } from '../../core/release/releaseId';
import { releasePage } from '../../core/release/releasePage';
import type { Services } from '../services';

/** Tells the page of one release what its target says, as long as the page is visible. */
export class ReleasePushes implements Disposable {
  #watching: DisposableStore | undefined;

  constructor(
    private readonly release: ReleaseName,
    private readonly services: Pick<Services, 'targets' | 'syncTargets' | 'log'>,
    private readonly post: (message: ToPage) => void,
  ) {}

  /** The page can take messages: sends it what is known, and from now on what changes. */
  async start(): Promise<void> {
    this.stop();
    const watching = (this.#watching = new DisposableStore());
    await this.#sync();
    if (this.#watching !== watching) return;
    const { targets } = this.services;
    watching.add(targets.onChange(() => this.#push()));
    watching.add(targets.watch());
    this.#push();
  }

  /** The page is hidden, and gone with it: nothing is asked or sent until it starts again. */
  stop(): void {
    this.#watching?.dispose();
    this.#watching = undefined;
  }

  /** Asks the targets now, and sends what came of it. */
  async retry(): Promise<void> {
    await this.#sync();
    await this.services.targets.refresh();
    this.#push();
  }

  dispose(): void {
    this.stop();
  }

  /** After a reload of the window the page may be the first to want the targets. */
  async #sync(): Promise<void> {
    const { targets, syncTargets, log } = this.services;
    if (targets.get(this.release.target)) return;
    await syncTargets().catch((error: unknown) => log.debug(`The targets are not known: ${String(error)}`));
  }

  #push(): void {
    if (this.#watching) this.post(releasePage(this.release, this.services.targets));
  }
}
