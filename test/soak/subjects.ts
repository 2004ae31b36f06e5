import { resolve } from 'node:path';
import type { Datatype } from '../../src/core/inference/tensor';
import type { Named } from '../conformance/ask';
import type { Value } from '../conformance/tensorProto';
import { iris } from '../unit/server/support/serverProcess';

/** Numbers from 0 to below 1, the same ones for the same seed. */
export type Random = () => number;

export function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A model under test, and inputs for it. */
export interface Subject {
  name: string;
  model: string;
  /** Inputs that it takes. */
  inputs(random: Random): Named[];
  /** The input whose features the server sums up, where it has such. */
  features?: string;
  /** What its server is told beyond the usual. */
  args?: string[];
  /** What the model itself answers; default: what onnxruntime does. */
  answers?: (requests: Named[][]) => Promise<Named[][]>;
  /** Inputs of the right form that it fails on, where there are such. */
  failing?: Named[];
  /** Inputs with a long answer, where there are such. */
  long?: (random: Random) => Named[];
  /** Inputs that it never comes to an end with, where there are such. */
  endless?: Named[];
  /** Whether it is sent only what leaves no doubt of what must be counted. */
  exact?: boolean;
}

const own = (name: string) => resolve(`test/unit/server/models/${name}.onnx`);
export const upTo = (random: Random, most: number) => 1 + Math.floor(random() * most);

export function tensor(
  name: string,
  datatype: Datatype,
  shape: number[],
  value: (at: number) => Value,
): Named {
  const count = shape.reduce((product, size) => product * size, 1);
  return { name, datatype, shape, values: Array.from({ length: count }, (_, at) => value(at)) };
}

const float = (random: Random) => Math.fround(random() * 8);

const echoed: Record<string, [Datatype, (random: Random) => Value]> = {
  BOOL: ['BOOL', (random) => random() < 0.5],
  UINT8: ['UINT8', integer(0, 8)],
  UINT16: ['UINT16', integer(0, 16)],
  UINT32: ['UINT32', integer(0, 32)],
  UINT64: ['UINT64', integer(0, 64)],
  INT8: ['INT8', integer(-1, 7)],
  INT16: ['INT16', integer(-1, 15)],
  INT32: ['INT32', integer(-1, 31)],
  INT64: ['INT64', integer(-1, 63)],
  FLOAT16: ['FP16', (random) => Math.floor(random() * 2048) / 16],
  FLOAT: ['FP32', float],
  DOUBLE: ['FP64', (random) => random() * 1e300],
  STRING: ['BYTES', (random) => `é"\\\n😀${random()}`.slice(0, 6 + upTo(random, 10))],
};

/** Whole numbers below 2^bits; with a sign of -1 also as far below 0. */
function integer(sign: 0 | -1, bits: number): (random: Random) => bigint {
  return (random) => {
    const size = BigInt(Math.floor(random() * 2 ** 32)) * 2n ** 32n + BigInt(Math.floor(random() * 2 ** 32));
    const below = size % 2n ** BigInt(bits);
    return sign && random() < 0.5 ? -below : below;
  };
}

function echoedIn(shape: number[], random: Random): Named[] {
  return Object.entries(echoed).map(([name, [datatype, value]]) =>
    tensor(`${name}_in`, datatype, shape, () => value(random)),
  );
}

export const subjects: Subject[] = [
  {
    name: 'iris',
    model: iris,
    features: 'measurements',
    args: ['--instances', '2'],
    inputs: (random) => [tensor('measurements', 'FP32', [upTo(random, 4), 4], () => float(random))],
    long: (random) => [tensor('measurements', 'FP32', [8000, 4], () => float(random))],
  },
  {
    name: 'flowers',
    model: iris,
    features: 'measurements',
    args: ['--name', 'flowers'],
    inputs: (random) => [tensor('measurements', 'FP32', [upTo(random, 4), 4], () => float(random))],
    exact: true,
  },
  {
    name: 'echo',
    model: own('echo'),
    inputs: (random) => echoedIn([upTo(random, 2), upTo(random, 3)], random),
    long: (random) => echoedIn([1, 2000], random),
  },
  {
    // Its rows are not independent: answers show it when they ran together.
    name: 'centred',
    model: own('centred'),
    inputs: (random) => [tensor('x', 'FP32', [1 + upTo(random, 4), 2], () => float(random))],
  },
  {
    name: 'picky',
    model: own('picky'),
    inputs: (random) => [tensor('index', 'INT64', [upTo(random, 6)], () => BigInt(Math.floor(random() * 3)))],
    failing: [tensor('index', 'INT64', [1], () => 7n)],
  },
  {
    // As slow as it is asked to be.
    name: 'patience',
    model: own('patience'),
    inputs: (random) => [tensor('n', 'INT64', [upTo(random, 3), 1], () => BigInt(upTo(random, 5000)))],
    endless: [tensor('n', 'INT64', [1, 1], () => 2n ** 53n)],
  },
  {
    name: 'scalar',
    model: own('scalar'),
    inputs: (random) => [tensor('x', 'INT64', [], () => integer(-1, 62)(random))],
  },
];
