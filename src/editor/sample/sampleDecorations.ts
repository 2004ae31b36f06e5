import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../core/dispose';
import { verdictLine } from './describeVerdict';
import type { Verdict } from './outcome';
import type { SampleRuns } from './sampleRuns';
import type { KeyedSample, SamplesDocuments } from './samplesDocuments';
import { rangeOf } from './textRanges';

/** The looks of a result: colours that can be read as text in light and dark themes. The sign in front says the same. */
const colours = {
  pass: 'terminal.ansiGreen',
  fail: 'testing.iconFailed',
  error: 'testing.iconErrored',
  done: 'descriptionForeground',
  stale: 'disabledForeground',
} as const;

type Look = keyof typeof colours;

/** Shows the result of each sample at the end of the line with its name, in all visible editors. */
export class SampleDecorations implements Disposable {
  readonly #store = new DisposableStore();
  readonly #types = new Map<Look, vscode.TextEditorDecorationType>();

  constructor(
    private readonly documents: SamplesDocuments,
    private readonly runs: SampleRuns,
  ) {
    for (const [look, colour] of Object.entries(colours) as [Look, string][]) {
      const after = {
        color: new vscode.ThemeColor(colour),
        margin: '0 0 0 2em',
        fontStyle: look === 'stale' ? 'italic' : 'normal',
      };
      const rangeBehavior = vscode.DecorationRangeBehavior.ClosedClosed;
      this.#types.set(
        look,
        this.#store.add(vscode.window.createTextEditorDecorationType({ after, rangeBehavior })),
      );
    }
  }

  /** Draws anew in all editors that show the document. */
  show(document: vscode.TextDocument): void {
    const editors = vscode.window.visibleTextEditors.filter((editor) => editor.document === document);
    if (editors.length === 0) return;
    const { file, samples } = this.documents.parse(document);
    // In the midst of typing, what is shown moves along with its line.
    if (samples.length === 0 && file.problems.length > 0) return;
    const lines = this.#lines(document, samples);
    for (const editor of editors) {
      for (const [look, type] of this.#types) editor.setDecorations(type, lines.get(look) ?? []);
    }
  }

  dispose(): void {
    this.#store.dispose();
  }

  #lines(document: vscode.TextDocument, samples: KeyedSample[]): Map<Look, vscode.DecorationOptions[]> {
    const lines = new Map<Look, vscode.DecorationOptions[]>();
    for (const keyed of samples) {
      const verdict = this.runs.verdict(document.uri, keyed);
      if (!verdict || this.runs.isRunning(document.uri, keyed.key)) continue;
      const { end } = document.lineAt(rangeOf(document, keyed.sample.nameRange).end).range;
      const after = { contentText: verdictLine(verdict) };
      const look = lookOf(verdict);
      lines.set(look, [
        ...(lines.get(look) ?? []),
        { range: new vscode.Range(end, end), renderOptions: { after } },
      ]);
    }
    return lines;
  }
}

function lookOf({ kind, stale }: Verdict): Look {
  return stale ? 'stale' : kind;
}
