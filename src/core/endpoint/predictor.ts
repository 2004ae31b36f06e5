import { basename, resolve } from 'node:path';
import type { Disposable } from '../dispose';
import { UserError } from '../errors';
import type { Tensor } from '../inference/tensor';
import { stampModel } from '../model/hashModel';
import type { Signature } from '../model/signature';
import type { Logger } from '../logger';
import { unlessAborted } from '../unlessAborted';
import { startServer, type OwnServer, type ServerArguments } from './startServer';

/** Read anew at each prediction, so that it may be an object whose properties follow the settings. */
export interface PredictorOptions {
  /** The folder with the server's bundle. */
  readonly dist: string;
  /** A Node binary; empty for the editor's own. */
  readonly nodePath: string;
  /** How long one prediction may take, in seconds. Default 30. */
  readonly timeoutSeconds?: number;
  /** After how long without a prediction a server stops, in minutes. Default 10. */
  readonly idleMinutes?: number;
  /** How a model is configured, by its file: arguments of the server, and whatever else makes it another one. */
  configured?(path: string): Promise<{ serverArguments: string[]; [other: string]: unknown }>;
  /** What servers are told beyond that and takes long to find out, by the model's file; nothing by default. */
  readonly serverArguments?: ServerArguments;
  readonly log: Logger;
}

/** A server for one state of a model file, and who uses it. */
interface Warm {
  /** Changes when the server must be another. */
  stamp: string;
  server: Promise<OwnServer>;
  started: boolean;
  /** Ends the start. */
  giveUp: AbortController;
  users: number;
  idle?: NodeJS.Timeout;
}

/** Predicts with model files: keeps a server for each one, from the first prediction until some time after the last. */
export class Predictor implements Disposable {
  readonly #warm = new Map<string, Warm>();

  constructor(private readonly options: PredictorOptions) {}

  /** Predicts with the file as it is now. `milliseconds` is the round trip to the server. Throws `UserError`, or the reason of `signal`. */
  async infer(
    modelPath: string,
    inputs: Tensor[],
    signal: AbortSignal,
  ): Promise<{ outputs: Tensor[]; milliseconds: number }> {
    const path = resolve(modelPath);
    const before = this.#warm.get(path);
    const wasWarm = before?.started;
    try {
      return await this.#infer(path, inputs, signal);
    } catch (error) {
      // A server that was kept warm may have died since; one that was just started shall not be tried twice.
      if (!before || !wasWarm || !(error instanceof UserError) || error.code !== 'endpoint-gone') throw error;
      this.#forget(path, before);
      void stop(before);
      return await this.#infer(path, inputs, signal);
    }
  }

  /** The server behind predictions with a file whose signature only a server can say, and what it says. */
  async connect(
    modelPath: string,
    signal: AbortSignal,
    report?: (message: string) => void,
  ): Promise<{ signature: Signature; infer: OwnServer['client']['infer'] }> {
    const path = resolve(modelPath);
    const signature = await this.#with(path, signal, ({ client }) => client.signature(signal), report);
    return { signature, infer: (inputs, until = signal) => this.infer(path, inputs, until) };
  }

  /** Ends all servers, those that are being started too. */
  async stopAll(): Promise<void> {
    const all = [...this.#warm.values()];
    this.#warm.clear();
    await Promise.all(all.map(stop));
  }

  dispose(): void {
    void this.stopAll();
  }

  #infer(path: string, inputs: Tensor[], signal: AbortSignal) {
    return this.#with(path, signal, ({ client }) => client.infer(inputs, signal));
  }

  async #with<T>(
    path: string,
    signal: AbortSignal,
    work: (server: OwnServer) => Promise<T>,
    report: (message: string) => void = () => undefined,
  ): Promise<T> {
    const configured = await this.options.configured?.(path);
    const stamp = [await this.#stampOf(path), JSON.stringify(configured)].join('|');
    signal.throwIfAborted();
    const warm = this.#use(path, stamp, configured?.serverArguments ?? [], report);
    warm.users++;
    clearTimeout(warm.idle);
    try {
      return await work(await unlessAborted(warm.server, signal));
    } finally {
      warm.users--;
      if (warm.users === 0) this.#rest(path, warm);
    }
  }

  /** The server for this state of the file: the one that is there, or a new one. */
  #use(path: string, stamp: string, configured: string[], report: (message: string) => void): Warm {
    const found = this.#warm.get(path);
    if (found?.stamp === stamp) return found;
    const giveUp = new AbortController();
    const { dist, nodePath, log } = this.options;
    const timeoutSeconds = this.#timeoutSeconds();
    const told = this.options.serverArguments?.(path, { signal: giveUp.signal, report });
    const start = async () => {
      const more = [...configured, ...((await told) ?? [])];
      return startServer({ dist, nodePath, path, timeoutSeconds, more, log }, giveUp.signal);
    };
    const server = start();
    const warm: Warm = { stamp, server, started: false, giveUp, users: 0 };
    this.#warm.set(path, warm);
    const forget = () => this.#forget(path, warm);
    server.then(({ ended }) => {
      warm.started = true;
      void ended.then(forget);
    }, forget);
    if (found && found.users === 0) void stop(found);
    return warm;
  }

  #forget(path: string, warm: Warm): void {
    if (this.#warm.get(path) === warm) this.#warm.delete(path);
  }

  /** Nobody uses it now. */
  #rest(path: string, warm: Warm): void {
    const current = this.#warm.get(path) === warm;
    if (current && warm.started) {
      const minutes = this.options.idleMinutes ?? 10;
      warm.idle = setTimeout(() => {
        this.#forget(path, warm);
        void stop(warm);
      }, minutes * 60_000).unref();
      return;
    }
    this.#forget(path, warm);
    void stop(warm);
  }

  async #stampOf(path: string): Promise<string> {
    try {
      return [await stampModel(path), this.#timeoutSeconds(), this.options.nodePath].join('|');
    } catch (error) {
      if (error instanceof UserError) throw error;
      const message = `${basename(path)} is not there any more: ${path}`;
      throw new UserError('model-missing', message, 'Put the model back, or predict with another one.', {
        cause: error,
      });
    }
  }

  #timeoutSeconds(): number {
    return this.options.timeoutSeconds ?? 30;
  }
}

async function stop(warm: Warm): Promise<void> {
  clearTimeout(warm.idle);
  if (!warm.started) warm.giveUp.abort();
  await warm.server.then(
    (server) => server.stop(),
    () => undefined,
  );
}
