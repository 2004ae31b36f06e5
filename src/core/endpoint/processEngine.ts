import { randomBytes } from 'node:crypto';
import { mkdirSync, watch } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { slug } from '../docker/containers';
import { UserError, messageOf } from '../errors';
import type { Logger } from '../logger';
import { hashModel } from '../model/hashModel';
import { endProcess, isAlive } from '../processes';
import type { TaskContext } from '../task';
import type { Endpoint, EndpointEngine, ServedModel } from './endpoint';
import { startDetached } from './startDetached';
import type { ServerArguments } from './startServer';
import { followFile } from './followFile';
import { probe } from './probe';
import { ProcessFiles, type ProcessState, type ServerRecord } from './processFiles';
import { untilReady } from './untilReady';
import { WatchedEvent } from './watchedEvent';

/** Read anew each time, so that it may be an object whose properties follow the settings. */
export interface ProcessEngineOptions {
  /** The folder with the server's bundle. */
  readonly dist: string;
  /** Where the engine keeps what it must find again; the same for all windows of a user. */
  readonly folder: string;
  /** A Node binary; empty for the editor's own. */
  readonly nodePath: string;
  /** What servers are told beyond the usual, by the model's file; nothing by default. */
  readonly serverArguments?: ServerArguments;
  /** Memory that each process of a model may have, in MiB; no limit by default. Heeded on Linux, and in containers. */
  readonly memoryMiB?: number;
  readonly log: Logger;
}

/** How long a server may take to answer what it was asked before it is ended, in milliseconds. */
const grace = 10_000;
/** For how long a process without a record counts as one that loads its model, in milliseconds: servers give up after 120 s. */
const longestStart = 130_000;

/**
 * Model servers as processes of their own, which outlive the window. What the engine of containers would know is kept in files that all
 * windows share, see {@link ProcessFiles}; the servers' own records and answers decide whether they run. A stopped one is kept, with its log,
 * until it is removed.
 */
export class ProcessEngine implements EndpointEngine {
  readonly kind = 'process';
  readonly #files: ProcessFiles;
  readonly #changes = new WatchedEvent((fire, signal) => this.#watch(fire, signal));
  readonly onChange = this.#changes.event;

  constructor(private readonly options: ProcessEngineOptions) {
    this.#files = new ProcessFiles(options.folder);
  }

  async check(): Promise<void> {
    const server = join(this.options.dist, 'server.js');
    await access(server).catch(() => {
      throw new UserError(
        'node-unusable',
        `The model server is missing: ${server}`,
        'Install Slipway again.',
      );
    });
  }

  async list(signal: AbortSignal): Promise<Endpoint[]> {
    const ids = await this.#files.ids();
    const found = await Promise.all(ids.map((id) => this.#describe(id, signal)));
    return found.filter((endpoint) => endpoint !== undefined);
  }

  async serve(model: ServedModel, task: TaskContext): Promise<Endpoint> {
    const id = `${slug(model.name)}-${randomBytes(3).toString('hex')}`;
    try {
      await this.#start(id, { model, created: new Date().toISOString() }, task);
    } catch (error) {
      this.#files.removeAll(id);
      this.#changes.fire();
      throw error;
    }
    return this.#found(id, task.signal);
  }

  async stop(endpoint: Endpoint, task: TaskContext): Promise<void> {
    task.report(`Stopping ${endpoint.model.name}`);
    await this.#end(idOf(endpoint), task.signal);
    this.#changes.fire();
  }

  async restart(endpoint: Endpoint, task: TaskContext): Promise<void> {
    const id = idOf(endpoint);
    const state = this.#files.readState(id);
    if (!state) throw gone(endpoint.model.name);
    // The file may be another by now, or gone: then what runs goes on.
    const hash = await hashModel(state.model.path, task.signal);
    await this.stop(endpoint, task);
    await this.#start(id, { model: { ...state.model, hash }, created: state.created }, task);
  }

  async remove(endpoint: Endpoint, task: TaskContext): Promise<void> {
    await this.stop(endpoint, task);
    this.#files.removeAll(idOf(endpoint));
    this.#changes.fire();
  }

  logs(endpoint: Endpoint, signal: AbortSignal): AsyncIterable<string> {
    const id = idOf(endpoint);
    return followFile(this.#files.log(id), () => !this.#mayRun(id), signal);
  }

  dispose(): void {
    this.#changes.dispose();
  }

  /** Starts a server that outlives this process, and resolves when it predicts. When that fails or is cancelled, it does not run. */
  async #start(id: string, state: ProcessState, task: TaskContext): Promise<void> {
    const { model } = state;
    task.signal.throwIfAborted();
    task.report(`Starting ${model.name}`);
    const { memoryMiB, serverArguments } = this.options;
    const limit = memoryMiB === undefined ? [] : ['--worker-memory-mib', String(memoryMiB)];
    const more = [...limit, ...((await serverArguments?.(model.path, task)) ?? [])];
    const server = startDetached({
      more,
      dist: this.options.dist,
      nodePath: this.options.nodePath,
      model,
      record: this.#files.record(id),
      log: this.#files.log(id),
      onExit: () => this.#changes.fire(),
    });
    try {
      await this.#files.writeState(id, { ...state, pid: server.pid, started: new Date().toISOString() });
      this.#changes.fire();
      const where = () => {
        server.throwIfEnded();
        return this.#files.readRecord(id)?.url;
      };
      const url = await untilReady(model.name, where, task.signal);
      this.options.log.info(`Serving ${model.path} at ${url} (process ${server.pid})`);
      this.#changes.fire();
    } catch (error) {
      await server.kill();
      this.#files.removeRecord(id);
      const detail = task.signal.aborted ? undefined : messageOf(error);
      await this.#files.writeState(id, { ...state, detail });
      throw error;
    }
  }

  /** Ends the process of an endpoint if it is still that. */
  async #end(id: string, signal: AbortSignal): Promise<void> {
    const state = this.#files.readState(id);
    const record = this.#files.readRecord(id);
    if (!state) return;
    if (record && isAlive(record.pid) && (await this.#isOurs(record, state.model, signal))) {
      await endProcess(record.pid, grace);
    } else if (!record && isStarting(state)) {
      await endProcess(state.pid as number, grace);
    }
    this.#files.removeRecord(id);
    await this.#files.writeState(id, { model: state.model, created: state.created });
  }

  /** A process id may be given anew, a port too: only who answers with the model is the server that wrote the record. */
  async #isOurs(record: ServerRecord, model: ServedModel, signal: AbortSignal): Promise<boolean> {
    const { answer } = await probe(record.url, model.name, signal);
    return answer === 'ready' || answer === 'not-ready';
  }

  async #describe(id: string, signal: AbortSignal): Promise<Endpoint | undefined> {
    const state = this.#files.readState(id);
    if (!state) return undefined;
    const { model, created } = state;
    const endpoint = { id: `process:${id}`, engine: this.kind, model, created: new Date(created) } as const;
    const record = this.#files.readRecord(id);
    if (!record) {
      return { ...endpoint, health: isStarting(state) ? 'starting' : 'stopped', detail: state.detail };
    }
    const { url, pid } = record;
    const found = isAlive(pid) ? await probe(url, model.name, signal) : undefined;
    if (found?.answer === 'ready') return { ...endpoint, url, health: 'ready' };
    if (found?.answer === 'not-ready') return { ...endpoint, url, health: 'unhealthy', detail: found.detail };
    return { ...endpoint, health: 'stopped', detail: await this.#forget(id, record, state) };
  }

  /** The record is stale: its server ended without a chance to delete it. */
  async #forget(id: string, record: ServerRecord, state: ProcessState): Promise<string> {
    const detail = 'It ended by itself, or was killed. Its log may say why.';
    // Unless it was started again in the meantime.
    if (this.#files.readRecord(id)?.pid === record.pid && this.#files.readState(id)?.pid === state.pid) {
      this.#files.removeRecord(id);
      await this.#files.writeState(id, { model: state.model, created: state.created, detail });
    }
    return detail;
  }

  async #found(id: string, signal: AbortSignal): Promise<Endpoint> {
    const endpoint = await this.#describe(id, signal);
    if (!endpoint) throw gone(id);
    return endpoint;
  }

  #mayRun(id: string): boolean {
    const record = this.#files.readRecord(id);
    const state = this.#files.readState(id);
    return record ? isAlive(record.pid) : state !== undefined && isStarting(state);
  }

  /** Other windows write to the same folder. */
  #watch(fire: () => void, signal: AbortSignal): void {
    try {
      mkdirSync(this.#files.folder, { recursive: true });
      watch(this.#files.folder, { signal, persistent: false }, (_, name) => {
        if (name?.endsWith('.json')) fire();
      }).on('error', (error) =>
        this.options.log.debug(`Watching ${this.#files.folder}: ${messageOf(error)}`),
      );
    } catch (error) {
      this.options.log.warn(`Changes by other windows are seen late: ${messageOf(error)}`);
    }
  }
}

/** Whether it was started a short while ago and has not said yet that it is ready. */
function isStarting({ pid, started }: ProcessState): boolean {
  const age = Date.now() - Date.parse(started ?? '');
  return pid !== undefined && age < longestStart && isAlive(pid);
}

function idOf(endpoint: Endpoint): string {
  return endpoint.id.slice('process:'.length);
}

function gone(name: string): UserError {
  return new UserError('endpoint-gone', `The endpoint of ${name} was removed.`, 'Serve the model again.');
}
