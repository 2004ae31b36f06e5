import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** What a running server leaves in its `--record` file, so that it can be found again. */
export interface ServerRecord {
  url: string;
  pid: number;
  model: string;
  path: string;
  hash?: string;
  /** ISO 8601. */
  created: string;
}

/** Writes the record in one step: no reader sees half of it. */
export function writeRecord(file: string, record: ServerRecord): void {
  mkdirSync(dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}`;
  writeFileSync(partial, JSON.stringify(record, null, 2));
  renameSync(partial, file);
}

export function removeRecord(file: string): void {
  rmSync(file, { force: true });
}
