import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../core/dispose';
import type { Services } from '../services';
import { targetOf } from './releases';
import { runningGiven, type Given } from './subject';

interface Channel extends Disposable {
  show(): void;
}

/** Output channels that follow the logs of endpoints and releases, one for each, until the window closes. */
export class LogChannels implements Disposable {
  readonly #channels = new Map<string, Channel>();

  constructor(private readonly services: Services) {}

  /** *Open Logs*. */
  async open(given: Given): Promise<void> {
    const running = await runningGiven(given, this.services, 'Logs of what?');
    if (running?.kind === 'endpoint') {
      const { endpoint } = running;
      this.#show(endpoint.id, endpoint.model.name, (signal) =>
        this.services.endpoints.logs(endpoint, signal),
      );
    }
    if (running?.kind === 'release') {
      const { release } = running;
      const target = targetOf(release.target, this.services);
      this.#show(release.id, release.id, (signal) => target.logs(release, signal));
    }
  }

  dispose(): void {
    for (const channel of this.#channels.values()) channel.dispose();
    this.#channels.clear();
  }

  /** A log that ended, as with a stop, is read from the start again. */
  #show(id: string, label: string, logs: (signal: AbortSignal) => AsyncIterable<string>): void {
    this.#channels.get(id)?.dispose();
    const channel = this.#follow(label, logs);
    this.#channels.set(id, channel);
    channel.show();
  }

  #follow(label: string, logs: (signal: AbortSignal) => AsyncIterable<string>): Channel {
    const store = new DisposableStore();
    const output = store.add(vscode.window.createOutputChannel(`Slipway: ${label}`, 'log'));
    const abort = new AbortController();
    store.add({ dispose: () => abort.abort() });
    const copy = async () => {
      for await (const text of logs(abort.signal)) output.append(text);
      if (!abort.signal.aborted) output.appendLine('— the log ends here —');
    };
    copy().catch((error: unknown) => {
      if (!abort.signal.aborted) this.services.showError(error);
    });
    return { show: () => output.show(true), dispose: () => store.dispose() };
  }
}
