import * as vscode from 'vscode';
import { isCancellation, messageOf, UserError } from '../../core/errors';
import { locate } from '../../core/sample/samplesFile';
import type { SampleResult } from '../../core/sample/sample';
import { outputText } from './describeVerdict';
import { diffTexts } from './diffTexts';
import { cancelled, type SampleRuns } from './sampleRuns';
import type { KeyedSample, SamplesDocuments } from './samplesDocuments';
import { rangeOf } from './textRanges';

/** Predicts with the samples that are tests, one after the other, and tells the Test Explorer what came of each. */
export async function runTests(
  run: vscode.TestRun,
  tests: vscode.TestItem[],
  documents: SamplesDocuments,
  runs: SampleRuns,
  token: vscode.CancellationToken,
): Promise<void> {
  const abort = new AbortController();
  const listener = token.onCancellationRequested(() => abort.abort(cancelled()));
  try {
    for (const test of tests) run.enqueued(test);
    for (const test of tests) {
      if (token.isCancellationRequested) run.skipped(test);
      else await runTest(run, test, documents, runs, abort.signal);
    }
  } finally {
    listener.dispose();
    run.end();
  }
}

async function runTest(
  run: vscode.TestRun,
  test: vscode.TestItem,
  documents: SamplesDocuments,
  runs: SampleRuns,
  signal: AbortSignal,
): Promise<void> {
  if (!test.uri) return;
  run.started(test);
  const begun = performance.now();
  try {
    const document = await vscode.workspace.openTextDocument(test.uri);
    const result = await runs.run(document, test.id, signal);
    run.appendOutput(outputOf(test.label, result).replaceAll('\n', '\r\n'), undefined, test);
    if (result.mismatches.length === 0) {
      run.passed(test, result.milliseconds);
      return;
    }
    const sample = documents.parse(document).samples.find(({ key }) => key === test.id);
    run.failed(test, sample ? messagesOf(document, sample, result) : [], result.milliseconds);
  } catch (error) {
    if (isCancellation(error, signal)) run.skipped(test);
    else run.errored(test, messageOfError(error, test), performance.now() - begun);
  }
}

/** One message, with a diff, for each output that is not as expected. */
function messagesOf(
  document: vscode.TextDocument,
  { sample }: KeyedSample,
  { mismatches, outputs }: SampleResult,
): vscode.TestMessage[] {
  const names = new Set(mismatches.map(({ path }) => String(path[1])));
  return [...names].flatMap((name) => {
    const [first, ...more] = mismatches.filter(({ path }) => path[1] === name);
    if (!first) return [];
    const rest = more.length > 0 ? ` ${more.length} more are not as expected.` : '';
    const { expected, actual } = diffTexts(sample.expected?.[name] ?? null, name, outputs, mismatches);
    const message = vscode.TestMessage.diff(first.message + rest, expected, actual);
    const place = locate(document.getText(), sample.index, first.path);
    message.location = new vscode.Location(document.uri, rangeOf(document, place));
    return [message];
  });
}

function outputOf(label: string, { outputs, milliseconds, pass }: SampleResult): string {
  const values = outputs.map(
    (output) => `  ${output.name} = ${outputText(output).replaceAll('\n', '\n  ')}\n`,
  );
  const expectation = pass === undefined ? ' (nothing is expected)' : '';
  return `${label}: ${milliseconds.toFixed(1)} ms${expectation}\n${values.join('')}`;
}

function messageOfError(error: unknown, test: vscode.TestItem): vscode.TestMessage {
  const next = error instanceof UserError && error.next ? ` ${error.next}` : '';
  const message = new vscode.TestMessage(messageOf(error) + next);
  if (test.uri && test.range) message.location = new vscode.Location(test.uri, test.range);
  return message;
}
