import type { JsonValue, Tensor } from '../../core/inference/tensor';
import { nestedData, stringifyJson } from '../../core/inference/tensorJson';
import { layOut } from '../../core/sample/samplesFile';
import type { Sample } from '../../core/sample/sample';
import type { Verdict } from './outcome';

/** How much of an output stands in the line; the hover has it all. */
const LINE_CHARACTERS = 60;
/** Values beyond these are counted, not shown. */
const HOVER_VALUES = 2000;

/** The result in a line: `✓ 1.2 ms · label [0], probabilities [0.97, 0.02, 0.01]`. What may be cut off comes last. */
export function verdictLine(verdict: Verdict): string {
  const { kind, outputs, milliseconds, mismatches, error, where, stale } = verdict;
  const mark = { pass: '✓', fail: '✗', done: '→', error: '⚠' }[kind];
  const parts = stale ? ['before the change'] : [];
  if (where) parts.push(`on ${where}`);
  if (kind === 'fail')
    parts.push(`${mismatches.length === 1 ? '1 value' : `${mismatches.length} values`} not as expected`);
  if (error) parts.push(error.message.split('\n', 1)[0] ?? '');
  else parts.push(duration(milliseconds), outputs.map(shortOutput).join(', '));
  return `${mark} ${parts.join(' · ')}`;
}

/** `1.23 ms`, `45 ms`, `1.2 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

/** The inputs of a sample in a line, to tell it from others in a list. */
export function shortSample({ inputs }: Sample): string {
  const texts = Object.entries(inputs).map(
    ([name, value]) => `${name} ${cut(shortValue(value), LINE_CHARACTERS)}`,
  );
  return texts.join(', ');
}

/** A batch of one reads as the one. */
function shortOutput(tensor: Tensor): string {
  const shown = firstValues(tensor, LINE_CHARACTERS);
  const shape = shown.shape.length > 1 && shown.shape[0] === 1 ? shown.shape.slice(1) : shown.shape;
  return `${tensor.name} ${cut(shortValue(nestedData({ ...shown, shape })), LINE_CHARACTERS)}`;
}

function shortValue(value: JsonValue): string {
  // No line is longer than this anyway.
  if (Array.isArray(value)) return `[${value.slice(0, LINE_CHARACTERS).map(shortValue).join(', ')}]`;
  const long = typeof value === 'number' && !Number.isInteger(value) && Number.isFinite(value);
  return stringifyJson(long ? Number(value.toPrecision(4)) : value);
}

function cut(text: string, length: number): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}

/** All values of an output, as JSON with each innermost array on one line. */
export function outputText(tensor: Tensor): string {
  const count = tensor.data.length;
  const text = layOut(readable(firstValues(tensor, HOVER_VALUES)), '', '  ');
  return count > HOVER_VALUES ? `${text}\n… ${HOVER_VALUES} of ${count} values` : text;
}

/** Nested values; those of float32 with the 7 digits they have, instead of the 17 of their doubles. */
export function readable(tensor: Tensor): JsonValue {
  const shorten = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(shorten);
    return typeof value === 'number' && Number.isFinite(value) ? Number(value.toPrecision(7)) : value;
  };
  return tensor.datatype === 'FP32' ? shorten(nestedData(tensor)) : nestedData(tensor);
}

/** A large tensor flat and cut, so that nobody lays out what is not shown; a small one as it is. */
function firstValues(tensor: Tensor, count: number): Tensor {
  if (tensor.data.length <= count) return tensor;
  return { ...tensor, shape: [count], data: tensor.data.slice(0, count) };
}
