import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { temporaryFolder } from '../host/workspace';
import type { Named } from '../conformance/ask';
import { tensor, upTo } from './subjects';
import type { Subject } from './subjects';

const python = '/usr/bin/python3';
const script = 'test/soak/forest.py';

interface Answer {
  label: number[];
  probabilities: number[][];
}

/** A model of Python, where Debian's scikit-learn is. Throws the reason where it is not. */
export async function forestSubject(): Promise<Subject> {
  const model = join(await temporaryFolder('soak'), 'forest.pkl');
  python3('make', model);
  return {
    name: 'forest',
    model,
    features: 'input',
    args: ['--python', python],
    inputs: (random) => [tensor('input', 'FP64', [upTo(random, 4), 4], () => random() * 8)],
    answers: (requests) => {
      const lists = requests.map(([rows]) => chunksOf(rows as Named, 4));
      const answers = JSON.parse(python3('ask', model, JSON.stringify(lists))) as Answer[];
      return Promise.resolve(answers.map(({ label, probabilities }) => toNamed(label, probabilities)));
    },
  };
}

function python3(what: string, model: string, input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(python, [script, what, model], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status === 0) return stdout;
  throw new Error(error?.message ?? stderr.trim().split('\n').at(-1));
}

function chunksOf({ values }: Named, size: number): unknown[][] {
  return Array.from({ length: values.length / size }, (_, at) => values.slice(at * size, (at + 1) * size));
}

function toNamed(label: number[], probabilities: number[][]): Named[] {
  return [
    { name: 'label', datatype: 'INT64', shape: [label.length], values: label.map(BigInt) },
    {
      name: 'probabilities',
      datatype: 'FP64',
      shape: [label.length, probabilities[0]?.length ?? 0],
      values: probabilities.flat(),
    },
  ];
}
