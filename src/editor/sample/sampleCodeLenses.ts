import * as vscode from 'vscode';
import { commands, internalCommands } from '../../contributions';
import { DisposableStore, type Disposable } from '../../core/dispose';
import type { SampleRuns } from './sampleRuns';
import type { SamplesDocuments } from './samplesDocuments';
import { rangeOf } from './textRanges';

/** *Predict* and *Record as expected* over each sample, *Predict All* over the file; *Cancel* while something runs. */
export class SampleCodeLenses implements vscode.CodeLensProvider, Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<void>());

  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor(
    private readonly documents: SamplesDocuments,
    private readonly runs: SampleRuns,
  ) {
    this.#store.add(runs.onChange(() => this.#changed.fire()));
    this.#store.add(documents.onChange(() => this.#changed.fire()));
    // Not by name: `slipway.json` may name any JSON file.
    const json = ['json', 'jsonc'].map((language) => ({ language, scheme: 'file' }));
    this.#store.add(vscode.languages.registerCodeLensProvider(json, this));
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    if (!this.documents.isSamples(document.uri)) return [];
    const { samples } = this.documents.parse(document);
    if (samples.length === 0) return [];
    const lenses = samples.flatMap(({ key, sample }) => {
      const { start } = rangeOf(document, sample.range);
      return this.#lensesOf(document.uri, key, new vscode.Range(start, start));
    });
    return [
      ...this.#lensesOfFile(
        document.uri,
        samples.map(({ key }) => key),
      ),
      ...lenses,
    ];
  }

  dispose(): void {
    this.#store.dispose();
  }

  #lensesOfFile(uri: vscode.Uri, keys: string[]): vscode.CodeLens[] {
    const top = new vscode.Range(0, 0, 0, 0);
    const cancel = {
      title: '$(debug-stop)\u00a0Cancel',
      command: internalCommands.cancelPredict,
      arguments: [uri],
    };
    const all = {
      title: '$(run-all)\u00a0Predict All',
      command: commands.predict,
      arguments: [{ samples: uri, all: true }],
    };
    const running = keys.some((key) => this.runs.isRunning(uri, key));
    return [new vscode.CodeLens(top, running ? cancel : all)];
  }

  #lensesOf(uri: vscode.Uri, key: string, range: vscode.Range): vscode.CodeLens[] {
    if (this.runs.isRunning(uri, key)) {
      return [
        new vscode.CodeLens(range, { title: '$(loading~spin)\u00a0Predicting', command: '' }),
        new vscode.CodeLens(range, {
          title: '$(debug-stop)\u00a0Cancel',
          command: internalCommands.cancelPredict,
          arguments: [uri, key],
        }),
      ];
    }
    const target = { samples: uri, key };
    return [
      new vscode.CodeLens(range, {
        title: '$(play)\u00a0Predict',
        command: commands.predict,
        arguments: [target],
      }),
      new vscode.CodeLens(range, {
        title: 'Record as expected',
        command: commands.recordExpected,
        arguments: [target],
      }),
    ];
  }
}
