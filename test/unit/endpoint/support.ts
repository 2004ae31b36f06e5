import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServedModel } from '../../../src/core/endpoint/endpoint';
import type { Tensor } from '../../../src/core/inference/tensor';
import type { Logger } from '../../../src/core/logger';
import { hashModel } from '../../../src/core/model/hashModel';
import type { TaskContext } from '../../../src/core/task';
import { workspaceModel } from '../fixtures';

export const dist = resolve('dist');
export const quiet: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

export const irisRow: Tensor[] = [
  { name: 'measurements', datatype: 'FP32', shape: [1, 4], data: Float32Array.of(5.1, 3.5, 1.4, 0.2) },
];

const folders: string[] = [];
process.once('exit', () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A folder of the test's own, removed when the process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-test-'));
  folders.push(folder);
  return folder;
}

export async function served(name: string, path = workspaceModel('iris')): Promise<ServedModel> {
  return { name, path, hash: await hashModel(path) };
}

/** A task that can be cancelled, also by itself at the first report that fits. */
export function taskOf(cancelAt?: RegExp): TaskContext & { reports: string[]; cancel: () => void } {
  const controller = new AbortController();
  const reports: string[] = [];
  return {
    signal: controller.signal,
    reports,
    report(message) {
      reports.push(message);
      if (cancelAt?.test(message)) controller.abort();
    },
    cancel: () => controller.abort(),
  };
}

/** Resolves when `condition` holds; fails after 15 seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 15_000; !(await condition()); await sleep(20)) {
    if (Date.now() > deadline) throw new Error(`It did not come to this: ${condition.toString()}`);
  }
}

/** Ids of the processes whose command line holds this text. */
export function processesWith(text: string): number[] {
  return execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(text))
    .map((line) => Number.parseInt(line, 10));
}
