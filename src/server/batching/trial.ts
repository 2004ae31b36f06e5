import type { Tensor, TensorData } from '../../core/inference/tensor';
import { skipPacked } from '../../core/inference/tensorBytes';
import { splitRows } from './rows';

interface Rows {
  inputs: Tensor[];
  rows: number;
}

const maxTrials = 3;
const relativeTolerance = 1e-3;
const absoluteTolerance = 1e-4;

/**
 * Finds out whether rows can run together. A free first dimension may as well be time, or be what a model normalises over;
 * then a neighbour changes the answer. So the first two requests that could share a run are tried: one of them and one made up
 * after the other, each alone and both together. Only if the answers are the same are runs shared from then on.
 */
export class BatchTrial {
  #state: 'open' | 'passed' | 'failed';
  #trials = 0;

  constructor(
    possible: boolean | 'perhaps',
    private readonly log: (message: string) => void,
  ) {
    this.#state = possible === 'perhaps' ? 'open' : possible ? 'passed' : 'failed';
  }

  /** Whether runs are shared, or may turn out to be. */
  get possible(): boolean {
    return this.#state !== 'failed';
  }

  /** Whether these two can share a run; tries it when that is not known yet. Rejects when a run does. */
  async passed(first: Rows, second: Rows, run: (requests: Rows[]) => Promise<Tensor[]>): Promise<boolean> {
    if (this.#state === 'open') await this.#try(first, second, run);
    return this.#state === 'passed';
  }

  async #try(first: Rows, second: Rows, run: (requests: Rows[]) => Promise<Tensor[]>): Promise<void> {
    if (++this.#trials > maxTrials) return this.fail('it could not be tried');
    const other = { rows: second.rows, inputs: second.inputs.map(varied) };
    const apart = [await run([first]), await run([other])];
    const together = splitRows(await run([first, other]), [first.rows, other.rows]);
    const same = together?.every((outputs, index) =>
      outputs.every((output, at) => alike(output, apart[index]?.[at])),
    );
    if (!same) return this.fail('a request is answered differently next to another one');
    // Two requests that are answered alike prove nothing.
    if (apart[0]?.some((output, at) => !alike(output, apart[1]?.[at]))) this.#state = 'passed';
  }

  /** From now on nothing is shared. */
  fail(reason: string): void {
    if (this.#state !== 'failed') this.log(`Requests to this model run one by one: ${reason}.`);
    this.#state = 'failed';
  }
}

/** Other values of the same kind, so that rows that were sent twice can still be told apart. */
function varied(tensor: Tensor): Tensor {
  const { name, datatype, shape, data } = tensor;
  if (datatype === 'BYTES' && !Array.isArray(data)) {
    const packed = data as Uint8Array;
    const second = packed.length > 0 ? skipPacked(packed, 0, 1) : 0;
    return { ...tensor, data: Buffer.concat([packed.subarray(second), packed.subarray(0, second)]) };
  }
  const reversed: TensorData = data.slice().reverse();
  if (reversed instanceof Float32Array || reversed instanceof Float64Array) {
    reversed.forEach((value, index) => (reversed[index] = value * 0.75 + 0.1 * (index % 7)));
  }
  return { name, datatype, shape, data: reversed };
}

/** Equal but for rounding: a model may add up in another order when it has more rows. */
function alike(a: Tensor, b: Tensor | undefined): boolean {
  if (!b || a.data.length !== b.data.length) return false;
  const inexact = a.datatype === 'FP32' || a.datatype === 'FP64';
  for (let index = 0; index < a.data.length; index++) {
    const [left, right] = [a.data[index], b.data[index]];
    if (Object.is(left, right)) continue;
    if (!inexact) return false;
    const [x, y] = [left as number, right as number];
    // Written so that NaN next to a number is not alike.
    if (!(Math.abs(x - y) <= absoluteTolerance + relativeTolerance * Math.abs(y))) return false;
  }
  return true;
}
