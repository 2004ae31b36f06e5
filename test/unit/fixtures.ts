import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

export const fixtures = resolve('test/fixtures');
export const modelNames = ['iris', 'breast-cancer', 'digits'];

export function workspaceModel(name: string): string {
  return resolve(fixtures, 'workspace/models', `${name}.onnx`);
}

export function hostileModel(name: string): string {
  return resolve(fixtures, 'hostile', `${name}.onnx`);
}

/** A whole data set with what scikit-learn answered for it. */
export interface Expected {
  input: string;
  rows: number[][];
  label: number[];
  probabilities: number[][];
}

export async function expectedOf(name: string): Promise<Expected> {
  const packed = await readFile(resolve(fixtures, 'expected', `${name}.json.gz`));
  return JSON.parse((await promisify(gunzip)(packed)).toString()) as Expected;
}
