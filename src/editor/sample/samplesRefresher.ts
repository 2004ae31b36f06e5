import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../core/dispose';
import type { ModelStore } from '../services';
import type { SampleDecorations } from './sampleDecorations';
import type { SampleDiagnostics } from './sampleDiagnostics';
import type { SampleRuns } from './sampleRuns';
import type { SamplesDocuments } from './samplesDocuments';
import type { SampleTests } from './sampleTests';

/** How long a person has to stop typing before a document is looked at anew, in milliseconds. */
const TYPING_PAUSE = 200;

/** All reasons why results, diagnostics and tests of an open samples file are shown anew. */
export class SamplesRefresher implements Disposable {
  readonly #store = new DisposableStore();
  readonly #waiting = new Map<vscode.TextDocument, NodeJS.Timeout>();

  constructor(
    private readonly documents: SamplesDocuments,
    private readonly decorations: SampleDecorations,
    private readonly diagnostics: SampleDiagnostics,
    private readonly tests: SampleTests,
    runs: SampleRuns,
    models: ModelStore,
  ) {
    const { workspace, window } = vscode;
    const triggers = [
      runs.onChange((uri) => this.#refreshOpen((document) => document.uri.toString() === uri.toString())),
      models.onChange(() => this.#refreshOpen()),
      documents.onChange(() => this.#refreshOpen()),
      workspace.onDidOpenTextDocument((document) => this.#refresh(document)),
      workspace.onDidChangeTextDocument(({ document }) => this.#refreshLater(document)),
      workspace.onDidCloseTextDocument((document) => this.#close(document)),
      window.onDidChangeVisibleTextEditors((editors) => {
        for (const { document } of editors) if (documents.isSamples(document.uri)) decorations.show(document);
      }),
    ];
    for (const trigger of triggers) this.#store.add(trigger);
    this.#refreshOpen();
  }

  dispose(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#store.dispose();
  }

  #refreshOpen(wanted: (document: vscode.TextDocument) => boolean = () => true): void {
    for (const document of vscode.workspace.textDocuments) if (wanted(document)) this.#refresh(document);
  }

  #refreshLater(document: vscode.TextDocument): void {
    if (!this.documents.isSamples(document.uri)) return;
    clearTimeout(this.#waiting.get(document));
    const timer = setTimeout(() => {
      this.#waiting.delete(document);
      this.#refresh(document);
    }, TYPING_PAUSE);
    this.#waiting.set(document, timer);
  }

  #refresh(document: vscode.TextDocument): void {
    if (document.isClosed) return;
    if (!this.documents.isSamples(document.uri)) {
      this.diagnostics.forget(document.uri);
      return;
    }
    this.decorations.show(document);
    this.tests.update(document);
    void this.diagnostics.check(document);
  }

  #close(document: vscode.TextDocument): void {
    clearTimeout(this.#waiting.get(document));
    this.#waiting.delete(document);
    this.diagnostics.forget(document.uri);
  }
}
