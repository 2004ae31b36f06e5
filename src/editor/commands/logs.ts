import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../core/dispose';
import { pickEndpoint } from '../picks';
import type { Services } from '../services';
import { targetOf } from './deploy';
import { endpointOf, releaseOf, type Given } from './subject';

interface Channel extends Disposable {
  show(): void;
}

/** Output channels that follow the logs of endpoints and releases, one for each, until the window closes. */
export class LogChannels implements Disposable {
  readonly #channels = new Map<string, Channel>();

  constructor(private readonly services: Services) {}

  /** *Open Logs*. */
  async open(given: Given): Promise<void> {
    const release = releaseOf(given);
    if (release) {
      const target = targetOf(release.target, this.services);
      return this.#show(release.id, (signal) => target.logs(release, signal));
    }
    const endpoint = endpointOf(given) ?? (await pickEndpoint(this.services, 'Logs of which endpoint?'));
    if (!endpoint) return;
    this.#show(endpoint.id, (signal) => this.services.endpoints.logs(endpoint, signal), endpoint.model.name);
  }

  dispose(): void {
    for (const channel of this.#channels.values()) channel.dispose();
    this.#channels.clear();
  }

  /** A log that ended, as with a stop, is read from the start again. */
  #show(id: string, logs: (signal: AbortSignal) => AsyncIterable<string>, label = id): void {
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
