import { parseTree } from 'jsonc-parser';
import * as vscode from 'vscode';
import { UserError } from '../../core/errors';
import { rangeOf as rangeOfNode } from '../../core/jsonDocument';
import type { Signature } from '../../core/model/signature';
import { nearest } from '../../core/sample/nearest';
import type { Problem, Sample, TextRange } from '../../core/sample/sample';
import { samplesSuffix } from '../../core/sample/samplesFile';
import { SampleError, sampleTensors } from '../../core/sample/sampleTensors';
import type { Verdict } from './outcome';
import type { SampleRuns } from './sampleRuns';
import type { KeyedSample, SamplesDocuments } from './samplesDocuments';
import { rangeOf } from './textRanges';

/** Something that is wrong in a samples file. */
export interface Finding {
  kind: 'syntax' | 'model' | 'input' | 'mismatch';
  message: string;
  range: vscode.Range;
  /** The sample it is about, where it is about one. */
  key?: string;
  /** What the text there should be, where that is known. */
  replacement?: string;
}

/** All that can be said about a samples file without running anything, and what its last predictions said. */
export async function findProblems(
  document: vscode.TextDocument,
  documents: SamplesDocuments,
  runs: SampleRuns,
): Promise<Finding[]> {
  const model = await runs.modelOf(document).catch((error: unknown) => asUserError(error));
  // Only now: the document may have changed while the model was read.
  const { file, samples } = documents.parse(document);
  const isRepeated = ({ offset }: TextRange) =>
    samples.some(({ key, sample }) => key !== sample.name && sample.nameRange.offset === offset);
  const findings = file.problems
    .filter(({ range }) => !hasSchema(document) || isRepeated(range))
    .map(({ range, message }): Finding => ({ kind: 'syntax', message, range: rangeOf(document, range) }));
  if (model instanceof UserError) {
    const message = model.next ? `${model.message} ${model.next}` : model.message;
    findings.push({ kind: 'model', message, range: document.lineAt(0).range });
    return findings;
  }
  const place = placer(document);
  for (const keyed of samples) {
    const found = check(model.signature, keyed, runs, document.uri);
    findings.push(
      ...found.map(({ problem, ...finding }) => ({ ...finding, ...place(keyed, problem), key: keyed.key })),
    );
  }
  return findings;
}

/** Whether VS Code's own JSON support complains already about what is no JSON, or not as the schema says. */
function hasSchema({ uri }: vscode.TextDocument): boolean {
  const checked = vscode.workspace.getConfiguration('json', uri).get<boolean>('validate.enable', true);
  const known = uri.path.endsWith(samplesSuffix);
  return known && checked && vscode.extensions.getExtension('vscode.json-language-features') !== undefined;
}

/** A finding that has no place in the text yet. */
interface Unplaced {
  kind: 'input' | 'mismatch';
  message: string;
  problem: { path: Problem['path']; part?: 'key' };
  replacement?: string;
}

function check(
  signature: Signature | undefined,
  keyed: KeyedSample,
  runs: SampleRuns,
  uri: vscode.Uri,
): Unplaced[] {
  const { sample } = keyed;
  if (!signature)
    return mismatchesOf(runs.verdict(uri, keyed)).map((problem) => unplaced('mismatch', problem, [], []));
  const given = inputProblems(signature, sample).map((problem) => {
    return unplaced('input', problem, Object.keys(sample.inputs), signature.inputs);
  });
  // One that is misspelt is not missing as well.
  const repaired = given.flatMap(({ replacement }) => replacement ?? []);
  const inputs = given.filter(({ problem, message }) => {
    return problem.path.length > 1 || !repaired.some((name) => message.includes(name));
  });
  const verdict = runs.verdict(uri, keyed);
  const mismatches = inputs.length === 0 ? mismatchesOf(verdict) : [];
  const expected = Object.keys(sample.expected ?? {});
  const unknown = expected.filter((name) => !signature.outputs.some((output) => output.name === name));
  const outputs = [
    ...unknown.map((name) => ({ path: ['expected', name], message: `The model has no output "${name}".` })),
    ...mismatches.filter(({ path }) => !unknown.includes(String(path[1]))),
  ];
  return [...inputs, ...outputs.map((problem) => unplaced('mismatch', problem, expected, signature.outputs))];
}

function mismatchesOf(verdict: Verdict | undefined): Verdict['mismatches'] {
  return verdict && !verdict.stale ? verdict.mismatches : [];
}

/** What is missing is marked at the name of what lacks it, a name that the model does not know itself, not its values; the nearest name that is not used yet may be meant. */
function unplaced(
  kind: 'input' | 'mismatch',
  { message, path }: Problem,
  used: string[],
  known: { name: string }[],
): Unplaced {
  if (path.length === 1) return { kind, message, problem: { path, part: 'key' } };
  const name = path.length === 2 ? String(path[1]) : undefined;
  if (name === undefined || known.some((spec) => spec.name === name))
    return { kind, message, problem: { path } };
  const unused = known.map((spec) => spec.name).filter((other) => !used.includes(other));
  const meant = nearest(name, unused);
  const replacement = meant === undefined ? undefined : JSON.stringify(meant);
  return { kind, message, problem: { path, part: 'key' }, replacement };
}

function inputProblems(signature: Signature, sample: Sample): Problem[] {
  try {
    sampleTensors(signature, sample);
    return [];
  } catch (error) {
    if (error instanceof SampleError) return error.problems;
    throw error;
  }
}

/** Finds the places of many problems in one reading of the text. */
function placer(document: vscode.TextDocument) {
  let root: ReturnType<typeof parseTree>;
  return ({ sample }: KeyedSample, { path, part }: Unplaced['problem']): { range: vscode.Range } => {
    root ??= parseTree(document.getText());
    const range = root
      ? rangeOfNode(root, ['samples', sample.index, ...path], part)
      : { offset: 0, length: 0 };
    return { range: rangeOf(document, range) };
  };
}

function asUserError(error: unknown): UserError {
  if (error instanceof UserError) return error;
  throw error;
}
