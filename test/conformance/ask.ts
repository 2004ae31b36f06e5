import { LosslessNumber, parse } from 'lossless-json';
import type { Datatype } from '../../src/core/inference/tensor';
import { bytesFrom, valuesFrom } from './tensorProto';
import type { Value, Values } from './tensorProto';

/** How tensors travel, both ways. */
export type Way = 'JSON' | 'binary';

export interface Named extends Values {
  name: string;
}

/** The server said no, in words. */
export class Refusal extends Error {}

/** What it gave is no answer of the protocol. */
export class NoAnswer extends Error {}

const seconds = 60;

/** Sends an `infer` request. Throws `Refusal`, `NoAnswer`, or what `fetch` throws when nothing comes back. */
export async function ask(url: string, inputs: Named[], way: Way): Promise<Named[]> {
  const response = await fetch(`${url}/infer`, {
    method: 'POST',
    signal: AbortSignal.timeout(seconds * 1000),
    ...(way === 'JSON' ? jsonRequest(inputs) : binaryRequest(inputs)),
  });
  const body = Buffer.from(await response.arrayBuffer());
  return readAnswer(response.status, body, response.headers.get('inference-header-content-length'));
}

/**
 * The outputs in an answer. Throws `Refusal` or `NoAnswer`.
 * @param head where its JSON ends, if it says that
 */
export function readAnswer(status: number, body: Buffer, head: string | null): Named[] {
  const text = head === null ? body.toString() : body.subarray(0, Number(head)).toString();
  const answer = parseAnswer(text);
  if (status !== 200) {
    if (typeof answer.error !== 'string' || !answer.error)
      throw new NoAnswer(`status ${status} without words: ${text.slice(0, 100)}`);
    throw new Refusal(`${status}: ${answer.error}`);
  }
  return readOutputs(answer.outputs, head === null ? undefined : body.subarray(Number(head)));
}

/** A request's headers and body. */
export interface Sent {
  headers: Record<string, string>;
  body: string | Uint8Array<ArrayBuffer>;
}

export function jsonRequest(inputs: Named[]): Sent {
  const tensors = inputs.map(
    (input) => `{${headOf(input)},"data":[${input.values.map((value) => jsonOf(value)).join(',')}]}`,
  );
  return { headers: { 'Content-Type': 'application/json' }, body: `{"inputs":[${tensors.join(',')}]}` };
}

function headOf({ name, datatype, shape }: Named): string {
  return `"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":${JSON.stringify(shape)}`;
}

/** As Python's `json` writes it: bare words for NaN and the infinities, and -0.0 with its sign. */
export function jsonOf(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return Object.is(value, -0) ? '-0.0' : String(value);
}

export function binaryRequest(inputs: Named[]): Sent {
  const bodies = inputs.map(bytesFrom);
  const tensors = inputs.map(
    (input, index) =>
      `{${headOf(input)},"parameters":{"binary_data_size":${(bodies[index] as Buffer).length}}}`,
  );
  const head = Buffer.from(`{"parameters":{"binary_data_output":true},"inputs":[${tensors.join(',')}]}`);
  return {
    headers: {
      'Content-Type': 'application/octet-stream',
      'Inference-Header-Content-Length': String(head.length),
    },
    body: new Uint8Array(Buffer.concat([head, ...bodies])),
  };
}

interface OutputJson {
  name: string;
  datatype: Datatype;
  shape: LosslessNumber[];
  data?: unknown[];
  parameters?: { binary_data_size?: LosslessNumber };
}

function parseAnswer(text: string): { error?: unknown; outputs?: unknown } {
  try {
    return parse(text) as { error?: unknown; outputs?: unknown };
  } catch {
    throw new NoAnswer(`not JSON: ${text.slice(0, 100)}`);
  }
}

function readOutputs(outputs: unknown, tail: Buffer | undefined): Named[] {
  if (!Array.isArray(outputs)) throw new NoAnswer('no "outputs"');
  let offset = 0;
  const tensors = (outputs as OutputJson[]).map(({ name, datatype, shape, data, parameters }): Named => {
    const sizes = shape.map(Number);
    if (data) return { name, datatype, shape: sizes, values: data.map((one) => fromJson(datatype, one)) };
    const size = Number(parameters?.binary_data_size ?? NaN);
    if (!tail || !(offset + size <= tail.length)) throw new NoAnswer(`output "${name}" has no values`);
    return {
      name,
      datatype,
      shape: sizes,
      values: valuesFrom(datatype, tail.subarray(offset, (offset += size))),
    };
  });
  if (tail && offset !== tail.length) throw new NoAnswer(`${tail.length - offset} bytes belong to no output`);
  return tensors;
}

export function fromJson(datatype: Datatype, value: unknown): Value {
  const float = datatype.startsWith('FP');
  if (value instanceof LosslessNumber) return float ? Number(value.value) : BigInt(value.value);
  if (float && typeof value === 'string' && /^(NaN|-?Infinity)$/.test(value)) return Number(value);
  if (datatype === 'BYTES' && typeof value === 'string') return value;
  if (datatype === 'BOOL' && typeof value === 'boolean') return value;
  throw new NoAnswer(`${JSON.stringify(value)} is no ${datatype} value`);
}
