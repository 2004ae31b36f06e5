import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServedModel } from './endpoint';

/** What the engine writes about an endpoint. What runs is told by the server's own record beside it. */
export interface ProcessState {
  model: ServedModel;
  /** ISO 8601. */
  created: string;
  /** The process that was started last, and when (ISO 8601). */
  pid?: number;
  started?: string;
  /** Why it does not run, when nobody stopped it. */
  detail?: string;
}

/** What a running server writes about itself, and deletes when it ends in order. */
export interface ServerRecord {
  url: string;
  pid: number;
}

const stateEnd = '.endpoint.json';

/** The files of the process engine: for each endpoint its state, the record of its server while that runs, and its log. */
export class ProcessFiles {
  constructor(readonly folder: string) {}

  async ids(): Promise<string[]> {
    const names = await readdir(this.folder).catch(() => []);
    return names.filter((name) => name.endsWith(stateEnd)).map((name) => name.slice(0, -stateEnd.length));
  }

  record(id: string): string {
    return join(this.folder, `${id}.record.json`);
  }

  log(id: string): string {
    return join(this.folder, `${id}.log`);
  }

  /** Undefined when there is none, or none that can be read. */
  readState(id: string): ProcessState | undefined {
    const state = readJson<ProcessState>(this.#state(id));
    return typeof state?.model?.name === 'string' ? state : undefined;
  }

  /** Undefined while the server does not run, or is not ready yet for the first time. */
  readRecord(id: string): ServerRecord | undefined {
    const record = readJson<ServerRecord>(this.record(id));
    return typeof record?.url === 'string' && Number.isInteger(record.pid) ? record : undefined;
  }

  /** In one step: no reader, in this window or another, sees half of it. */
  async writeState(id: string, state: ProcessState): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const partial = `${this.#state(id)}.${process.pid}`;
    writeFileSync(partial, JSON.stringify(state, null, 2));
    renameSync(partial, this.#state(id));
  }

  removeRecord(id: string): void {
    rmSync(this.record(id), { force: true });
  }

  removeAll(id: string): void {
    for (const file of [this.#state(id), this.record(id), this.log(id)]) rmSync(file, { force: true });
  }

  #state(id: string): string {
    return join(this.folder, `${id}${stateEnd}`);
  }
}

function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
