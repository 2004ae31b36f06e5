import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const python = '/usr/bin/python3';

/** A model that a script of `test/fixtures/python` made, with what it answers in Python. */
export interface Made {
  file: string;
  inputs: Record<string, unknown[]>;
  expected: Record<string, unknown>;
  /** For the worker. */
  options?: object;
}

/** What the script that wrote into this folder has made. */
export function madeIn(folder: string): Made[] {
  return JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as Made[];
}

export interface Spec {
  name: string;
  datatype: string;
  shape: (number | string | null)[];
}

/** What the worker's code says of a model: what it takes, gives and answers, or why it does not. */
export interface Answered {
  inputs: Spec[];
  outputs: Spec[];
  batchable: boolean | null;
  answer?: Record<string, unknown>;
  error?: string;
}

/** Loads models as the worker does and asks each once, all in one process. */
export function answersOf(
  cases: { file: string; inputs: Record<string, unknown>; options?: object }[],
): Answered[] {
  const input = JSON.stringify(cases);
  const output = execFileSync(python, ['test/fixtures/python/answer.py', 'src/server/python'], {
    input,
    stdio: ['pipe', 'pipe', 'inherit'],
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(output.toString()) as Answered[];
}

/** Equal, but for the last digits of floats. */
export function assertAlike(actual: unknown, expected: unknown, path: string): void {
  if (Array.isArray(expected)) {
    assert.ok(
      Array.isArray(actual) && actual.length === expected.length,
      `${path}: ${JSON.stringify(actual)}`,
    );
    expected.forEach((value, index) => assertAlike(actual[index], value, `${path}[${index}]`));
  } else if (typeof expected === 'object' && expected !== null) {
    for (const [key, value] of Object.entries(expected)) {
      assertAlike((actual as Record<string, unknown>)[key], value, `${path}.${key}`);
    }
  } else if (typeof expected === 'number' && !Number.isInteger(expected)) {
    assert.ok(
      Math.abs((actual as number) - expected) <= 1e-9 + 1e-6 * Math.abs(expected),
      `${path}: ${String(actual)}`,
    );
  } else {
    assert.equal(actual, expected, path);
  }
}
