import { findNodeAtLocation, parseTree } from 'jsonc-parser';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { UserError } from '../errors';
import { nestedData, stringifyJson } from '../inference/tensorJson';
import { stemOf } from '../model/modelKind';
import type { JsonValue, Tensor } from '../inference/tensor';
import { parseDocument, rangeOf, type JsonPath, type TextProblem, type TextRange } from '../jsonDocument';
import type { Sample } from './sample';
import { shortest } from './rounding';
import { sampleSchema, samplesSchema } from './schema';

export const defaultTolerance = { rtol: 1e-3, atol: 1e-7 };

/** A sample and where it stands in its file. */
export interface SampleAt extends Sample {
  /** Its place among the samples of the file, from 0; those that are broken count too. */
  index: number;
  range: TextRange;
  nameRange: TextRange;
}

/** What a samples file holds. Of a file with problems, the samples that are whole are still there. */
export interface SamplesFile {
  samples: SampleAt[];
  problems: TextProblem[];
  /** The model it is for, as written: relative to the file. Absent: the one of the same name beside it. */
  model?: string;
}

export const samplesSuffix = '.samples.json';

/** Where a model's samples are unless `slipway.json` says otherwise: `NAME.samples.json` beside it. */
export function samplesPathFor(modelPath: string): string {
  return join(dirname(modelPath), `${stemOf(modelPath)}${samplesSuffix}`);
}

/** Reads a samples file as it is being edited. */
export function parseSamples(text: string): SamplesFile {
  const { raw, root, problems } = parseDocument(text, samplesSchema);
  if (!root) return { samples: [], problems };
  const { model, samples: entries } = Object(raw) as { model?: unknown; samples?: unknown };
  const samples = (Array.isArray(entries) ? entries : []).flatMap((entry, index) => {
    const range = rangeOf(root, ['samples', index]);
    const { data } = sampleSchema.safeParse(entry);
    if (!data || problems.some((problem) => isWithin(problem.range, range))) return [];
    const nameRange = rangeOf(root, ['samples', index, 'name']);
    return [{ ...defaultTolerance, ...data, index, range, nameRange }];
  });
  const seen = new Set<string>();
  for (const { name, nameRange } of samples) {
    if (seen.has(name)) problems.push({ range: nameRange, message: `There is already a sample "${name}".` });
    seen.add(name);
  }
  return { samples, problems, ...(typeof model === 'string' && { model }) };
}

/** Throws `UserError` where the samples at `path` say that they are for another model than the one at `modelPath`. */
export function checkMeantFor({ model }: SamplesFile, path: string, modelPath: string): void {
  if (model === undefined || resolve(dirname(path), model) === resolve(modelPath)) return;
  throw new UserError(
    'sample-invalid',
    `${basename(path)} is for ${model}, as its "model" says, and not for ${relative(dirname(path), modelPath)}.`,
    'Correct "model" there, or name other samples at the model in slipway.json.',
  );
}

function isWithin({ offset }: TextRange, range: TextRange): boolean {
  return offset >= range.offset && offset < range.offset + range.length;
}

/** Where a path into a sample stands, or what of it there is. */
export function locate(text: string, sampleIndex: number, path: JsonPath): TextRange {
  const root = parseTree(text);
  return root ? rangeOf(root, ['samples', sampleIndex, ...path]) : { offset: 0, length: 0 };
}

/**
 * The text with `outputs` as what the sample expects. The rest of the text stays as it is; innermost arrays stand on one
 * line, long ones eight values to a line. Without such a sample the text stays as it is.
 */
export function recordExpected(text: string, sampleIndex: number, outputs: Tensor[]): string {
  const root = parseTree(text);
  const sample = root && findNodeAtLocation(root, ['samples', sampleIndex]);
  if (sample?.type !== 'object') return text;
  const known = findNodeAtLocation(sample, ['expected']);
  const last = known?.parent ?? sample.children?.at(-1);
  const start = last?.offset ?? sample.offset;
  const before = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  const indent = /^[ \t]*/.exec(before)?.[0] ?? '';
  const unit = /^\t/m.test(text) ? '\t' : (/^( +)\S/m.exec(text)?.[1] ?? '  ');
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const members = outputs.map((output) => {
    return `${indent}${unit}${JSON.stringify(output.name)}: ${layOut(readable(output), indent + unit, unit)}`;
  });
  const written = (members.length > 0 ? `{\n${members.join(',\n')}\n${indent}}` : '{}').replaceAll('\n', eol);
  if (known) return splice(text, known.offset, known.offset + known.length, written);
  const end = last ? last.offset + last.length : sample.offset + 1;
  const separator = before === indent ? `,${eol}${indent}` : ', ';
  return splice(text, end, end, `${last ? separator : ''}"expected": ${written}`);
}

function splice(text: string, start: number, end: number, replacement: string): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

/** Floats with the digits that they have, instead of the 17 of a double. */
function readable(tensor: Tensor): JsonValue {
  const shorten = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(shorten);
    return typeof value === 'number' ? shortest(tensor.datatype, value) : value;
  };
  return shorten(nestedData(tensor));
}

/** JSON text of nested arrays as a person would write it. */
export function layOut(value: JsonValue, indent: string, unit: string): string {
  if (!Array.isArray(value)) return stringifyJson(value);
  if (value.length === 0) return '[]';
  const inner = indent + unit;
  if (value.some(Array.isArray)) {
    return `[\n${value.map((row) => inner + layOut(row, inner, unit)).join(',\n')}\n${indent}]`;
  }
  const words = value.map((item) => stringifyJson(item));
  if (words.length <= 16) return `[${words.join(', ')}]`;
  const lines: string[] = [];
  for (let at = 0; at < words.length; at += 8) lines.push(inner + words.slice(at, at + 8).join(', '));
  return `[\n${lines.join(',\n')}\n${indent}]`;
}
