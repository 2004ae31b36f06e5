/**
 * Writes the repository's own cases from the models of its tests: `npx tsx test/conformance/makeCases.ts`.
 * What is expected is what onnxruntime itself answers, run alone.
 */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { ownAnswers } from '../soak/ownAnswers';
import { randomFrom, subjects, tensor } from '../soak/subjects';
import type { Named } from './ask';
import { ownCases } from './cases';
import { writeTensorProto } from './tensorProto';
import type { Value } from './tensorProto';

const own = (name: string) => resolve(`test/unit/server/models/${name}.onnx`);
const served = (name: string) => resolve(`test/fixtures/workspace/models/${name}.onnx`);

/** Data sets of a soak's subject. */
function drawn(name: string, sets: number): [model: string, sets: Named[][]] {
  const subject = subjects.find((one) => one.name === name);
  if (!subject) throw new Error(`There is no subject ${name}.`);
  const random = randomFrom(sets);
  return [subject.model, Array.from({ length: sets }, () => subject.inputs(random))];
}

const floats = (name: string, shape: number[]) => {
  const random = randomFrom(shape.length);
  return tensor(name, 'FP32', shape, () => Math.fround(random() * 8));
};
const integers = (name: string, shape: number[], ...values: bigint[]) =>
  tensor(name, 'INT64', shape, (at) => values[at] as Value);

const cases: Record<string, [model: string, sets: Named[][]]> = {
  'every-datatype': drawn('echo', 2),
  iris: drawn('iris', 2),
  'rows-that-depend': drawn('centred', 2),
  lookup: drawn('picky', 2),
  'no-dimension': drawn('scalar', 2),
  'longer-lookup': [own('tolerant'), [[integers('index', [3], 5n, 0n, 2n)]]],
  loop: [own('patience'), [[integers('n', [2, 1], 4n, 2n ** 10n)]]],
  sum: [own('hungry'), [[integers('count', [1], 1000n)]]],
  'breast-cancer': [served('breast-cancer'), [[floats('features', [3, 30])]]],
  digits: [served('digits'), [[floats('pixels', [2, 64])]]],
};

async function main(): Promise<void> {
  rmSync(ownCases, { recursive: true, force: true });
  for (const [name, [model, sets]] of Object.entries(cases)) {
    const answers = await ownAnswers(model, sets);
    for (const [index, inputs] of sets.entries()) {
      const folder = join(ownCases, name, `test_data_set_${index}`);
      mkdirSync(folder, { recursive: true });
      copyFileSync(model, join(folder, '..', 'model.onnx'));
      write(folder, 'input', inputs);
      write(folder, 'output', answers[index] ?? []);
    }
    process.stdout.write(`${name}: ${basename(model)}\n`);
  }
}

function write(folder: string, role: string, tensors: Named[]): void {
  tensors.forEach((each, index) =>
    writeFileSync(join(folder, `${role}_${index}.pb`), writeTensorProto(each)),
  );
}

void main();
