import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../core/dispose';
import { duration, outputText } from './describeVerdict';
import type { Verdict } from './outcome';
import type { SampleRuns } from './sampleRuns';
import type { SamplesDocuments } from './samplesDocuments';
import { rangeOf } from './textRanges';

/** The whole result of a sample, on its name and on the result in the line. */
export class SampleHovers implements vscode.HoverProvider, Disposable {
  readonly #store = new DisposableStore();

  constructor(
    private readonly documents: SamplesDocuments,
    private readonly runs: SampleRuns,
  ) {
    const json = ['json', 'jsonc'].map((language) => ({ language, scheme: 'file' }));
    this.#store.add(vscode.languages.registerHoverProvider(json, this));
  }

  provideHover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | undefined {
    if (!this.documents.isSamples(document.uri)) return undefined;
    for (const keyed of this.documents.parse(document).samples) {
      const name = rangeOf(document, keyed.sample.nameRange);
      const line = document.lineAt(name.end).range;
      const atResult = position.isEqual(line.end);
      if (!name.contains(position) && !atResult) continue;
      const verdict = this.runs.verdict(document.uri, keyed);
      if (verdict) return new vscode.Hover(describe(keyed.key, verdict), atResult ? undefined : name);
    }
    return undefined;
  }

  dispose(): void {
    this.#store.dispose();
  }
}

/** Everything that comes from a model or a file goes through `escaped` or a code block: none of it is markup. */
function describe(key: string, verdict: Verdict): vscode.MarkdownString {
  const text = new vscode.MarkdownString('', true);
  text.appendMarkdown(`${headline(verdict)} `).appendMarkdown(escaped(key));
  if (!verdict.error) text.appendMarkdown(` in ${duration(verdict.milliseconds)}`);
  if (verdict.where) text.appendMarkdown(' on ').appendMarkdown(escaped(verdict.where));
  if (verdict.stale) text.appendMarkdown('\n\n_Its inputs or its model have changed since._');
  if (verdict.error) {
    text.appendMarkdown('\n\n').appendMarkdown(escaped(verdict.error.message));
    if (verdict.error.next) text.appendMarkdown('\n\n').appendMarkdown(escaped(verdict.error.next));
  }
  if (verdict.mismatches.length > 0 && !verdict.stale) {
    text.appendCodeblock(
      verdict.mismatches
        .slice(0, 10)
        .map(({ message }) => message)
        .join('\n'),
      'text',
    );
  }
  for (const output of verdict.outputs) {
    const shape = output.shape.length === 0 ? 'scalar' : output.shape.join('×');
    text.appendMarkdown('\n\n').appendMarkdown(escaped(`${output.name}: ${output.datatype} ${shape}`));
    text.appendCodeblock(outputText(output), 'json');
  }
  return text;
}

function headline({ kind }: Verdict): string {
  return {
    pass: '$(pass) Passed:',
    fail: '$(error) Failed:',
    done: '$(arrow-right) Predicted:',
    error: '$(warning) Did not predict:',
  }[kind];
}

/** Markdown that reads as just this text. `appendText` would also forbid its lines to break. */
function escaped(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]()#+\-.!~<>|&$]/g, '\\$&');
}
