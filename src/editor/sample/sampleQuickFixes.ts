import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../core/dispose';
import { recordEdit } from './recordEdit';
import { diagnosticOf, type SampleDiagnostics } from './sampleDiagnostics';
import type { Finding } from './sampleFindings';
import type { SampleRuns } from './sampleRuns';
import type { SamplesDocuments } from './samplesDocuments';

/** *Record actual as expected* on a value that is not as expected, and the right name for a misspelt one. */
export class SampleQuickFixes implements vscode.CodeActionProvider, Disposable {
  readonly #store = new DisposableStore();

  constructor(
    private readonly documents: SamplesDocuments,
    private readonly diagnostics: SampleDiagnostics,
    private readonly runs: SampleRuns,
  ) {
    const json = ['json', 'jsonc'].map((language) => ({ language, scheme: 'file' }));
    const metadata = { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] };
    this.#store.add(vscode.languages.registerCodeActionsProvider(json, this, metadata));
  }

  provideCodeActions(document: vscode.TextDocument, range: vscode.Range): vscode.CodeAction[] {
    if (!this.documents.isSamples(document.uri)) return [];
    const findings = this.diagnostics.findings(document, range);
    const mismatch = findings.find(
      ({ kind, replacement }) => kind === 'mismatch' && replacement === undefined,
    );
    const fixes = findings.map((finding) => this.#replace(document, finding));
    if (mismatch) fixes.push(this.#record(document, mismatch));
    return fixes.filter((fix) => fix !== undefined);
  }

  dispose(): void {
    this.#store.dispose();
  }

  /** Records only the outputs that the sample expects already: the others were left out on purpose. */
  #record(document: vscode.TextDocument, finding: Finding): vscode.CodeAction | undefined {
    const keyed = this.documents.parse(document).samples.find(({ key }) => key === finding.key);
    const outputs = keyed && this.runs.verdict(document.uri, keyed)?.outputs;
    if (!keyed?.sample.expected || !outputs) return undefined;
    const names = Object.keys(keyed.sample.expected);
    const expected = outputs.filter(({ name }) => names.includes(name));
    if (expected.length === 0) return undefined;
    const fix = quickFix('Record actual as expected', document, finding);
    fix.edit = recordEdit(document, keyed.sample.index, expected);
    return fix;
  }

  #replace(document: vscode.TextDocument, finding: Finding): vscode.CodeAction | undefined {
    if (finding.replacement === undefined) return undefined;
    const fix = quickFix(`Change to ${finding.replacement}`, document, finding);
    fix.edit = new vscode.WorkspaceEdit();
    fix.edit.replace(document.uri, finding.range, finding.replacement);
    fix.isPreferred = true;
    return fix;
  }
}

function quickFix(title: string, document: vscode.TextDocument, finding: Finding): vscode.CodeAction {
  const fix = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
  const shown = vscode.languages.getDiagnostics(document.uri);
  const own = diagnosticOf(finding);
  fix.diagnostics = shown.filter(({ message, range }) => message === own.message && range.isEqual(own.range));
  return fix;
}
