import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../core/dispose';
import type { Services } from '../services';
import { findProblems, type Finding } from './sampleFindings';
import type { SampleRuns } from './sampleRuns';
import type { SamplesDocuments } from './samplesDocuments';

/** Shows what is wrong in open samples files, and remembers it for quick fixes. */
export class SampleDiagnostics implements Disposable {
  readonly #store = new DisposableStore();
  readonly #collection = this.#store.add(vscode.languages.createDiagnosticCollection('slipway-samples'));
  readonly #findings = new WeakMap<vscode.TextDocument, { version: number; findings: Finding[] }>();

  constructor(
    private readonly services: Services,
    private readonly documents: SamplesDocuments,
    private readonly runs: SampleRuns,
  ) {}

  /** Looks at a document anew. What has changed meanwhile is looked at by the next call. */
  async check(document: vscode.TextDocument): Promise<void> {
    try {
      const findings = await findProblems(document, this.documents, this.runs);
      if (document.isClosed) return;
      this.#findings.set(document, { version: document.version, findings });
      this.#collection.set(document.uri, findings.map(diagnosticOf));
    } catch (error) {
      this.services.log.error(`Could not check ${document.uri.fsPath}.`, error);
    }
  }

  forget(uri: vscode.Uri): void {
    this.#collection.delete(uri);
  }

  /** What is wrong there; nothing while the document is newer than what is known about it. */
  findings(document: vscode.TextDocument, range: vscode.Range): Finding[] {
    const known = this.#findings.get(document);
    if (known?.version !== document.version) return [];
    return known.findings.filter((finding) => finding.range.intersection(range));
  }

  dispose(): void {
    this.#store.dispose();
  }
}

const severities: Record<Finding['kind'], vscode.DiagnosticSeverity> = {
  input: vscode.DiagnosticSeverity.Error,
  mismatch: vscode.DiagnosticSeverity.Error,
  model: vscode.DiagnosticSeverity.Warning,
  syntax: vscode.DiagnosticSeverity.Error,
};

export function diagnosticOf({ kind, message, range }: Finding): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(range, message, severities[kind]);
  diagnostic.source = 'Slipway';
  diagnostic.code = kind;
  return diagnostic;
}
