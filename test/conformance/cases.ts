import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { inspectModel } from '../../src/core/model/inspectModel';
import type { TensorSpec } from '../../src/core/model/signature';
import { run } from '../host/command';
import { temporaryFolder } from '../host/workspace';
import type { Named } from './ask';
import type { Tolerance } from './compare';
import { readTensorProto } from './tensorProto';

/** The repository's own cases; `makeCases.ts` writes them. */
export const ownCases = 'test/fixtures/conformance';

/** A folder with a model and what it must give for what. */
export interface Case {
  /** Its path inside the folder of all cases. */
  name: string;
  folder: string;
  tolerance: Tolerance;
}

export interface DataSet {
  inputs: Named[];
  outputs: Named[];
}

/** Where an archive of cases is unpacked: in a folder for this run. */
export async function unpack(archive: string): Promise<string> {
  const folder = await temporaryFolder('conformance');
  await run('tar', ['-xzf', archive, '-C', folder]);
  return folder;
}

/** All cases below a folder, by name. */
export function findCases(root: string): Case[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(^|[\\/])model\.onnx$/.test(path))
    .map((path) => join(root, path, '..'))
    .sort()
    .map((folder) => ({ name: relative(root, folder), folder, tolerance: toleranceOf(folder) }));
}

function toleranceOf(folder: string): Tolerance {
  const file = join(folder, 'data.json');
  const stated = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<Tolerance>) : {};
  return { rtol: 1e-3, atol: 1e-7, ...stated };
}

/** A case's data sets: files go to the graph's inputs and outputs by position. Throws when a value is no tensor of the protocol. */
export async function readDataSets({ folder }: Case): Promise<DataSet[]> {
  const { signature } = await inspectModel(join(folder, 'model.onnx'));
  return readdirSync(folder)
    .filter((name) => name.startsWith('test_data_set_'))
    .sort()
    .map((name) => ({
      inputs: readValues(join(folder, name), 'input', signature.inputs),
      outputs: readValues(join(folder, name), 'output', signature.outputs),
    }));
}

function readValues(folder: string, role: 'input' | 'output', specs: TensorSpec[]): Named[] {
  const count = readdirSync(folder).filter((name) => name.startsWith(`${role}_`)).length;
  return Array.from({ length: count }, (_, index) => {
    const name = specs[index]?.name;
    if (name === undefined) throw new Error(`the model has no ${role} ${index}`);
    return { name, ...readTensorProto(readFileSync(join(folder, `${role}_${index}.pb`))) };
  });
}
