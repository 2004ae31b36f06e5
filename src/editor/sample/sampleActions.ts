import * as path from 'node:path';
import * as vscode from 'vscode';
import { isCancellation, UserError, type ErrorCode } from '../../core/errors';
import type { TaskContext } from '../../core/task';
import type { Services } from '../services';
import { withLateProgress } from './lateProgress';
import { elsewhere, type ModelServer } from './modelServer';
import { recordEdit } from './recordEdit';
import { cancelled, type Elsewhere, type SampleRuns } from './sampleRuns';
import type { SamplesDocuments } from './samplesDocuments';
import { rangeOf } from './textRanges';

/** Errors that the next sample would meet as well. */
const hopeless: ErrorCode[] = [
  'endpoint-gone',
  'load-refused',
  'model-broken',
  'model-missing',
  'model-unsupported',
  'node-unusable',
  'untrusted',
];

/** What a person does with samples: shows progress when it takes long, and errors as words. */
export class SampleActions {
  constructor(
    private readonly services: Services,
    private readonly documents: SamplesDocuments,
    private readonly runs: SampleRuns,
  ) {}

  /** Predicts with some samples one after the other, and goes on after one that fails by itself. */
  async predict(document: vscode.TextDocument, keys: string[], server?: ModelServer): Promise<void> {
    const file = path.basename(document.uri.fsPath);
    const what = keys.length === 1 ? `“${keys[0]}”` : file;
    const title = server ? `Predicting with ${what} on ${server.name}` : `Predicting with ${what}`;
    const place = server && elsewhere(server);
    await withLateProgress(title, async (task) => {
      const errors: Error[] = [];
      for (const [index, key] of keys.entries()) {
        if (keys.length > 1) task.report(`${index + 1} of ${keys.length}: ${key}`);
        const error = await this.#attempt(document, key, task, place);
        if (error) errors.push(error);
        if (error instanceof UserError && hopeless.includes(error.code)) break;
      }
      // What is wrong with a sample stands at its very place.
      const telling = errors.find(
        (error) => !(error instanceof UserError && error.code === 'sample-invalid'),
      );
      if (telling) throw telling;
    });
  }

  /** Writes what the model gives into the sample as what is expected; predicts first unless the model as it is now has. */
  async record(document: vscode.TextDocument, key: string): Promise<void> {
    await this.runs.markOutdated();
    if (!this.runs.currentOutputs(document.uri, this.runs.find(document, key))) {
      await withLateProgress(`Predicting with “${key}”`, (task) => this.runs.run(document, key, task.signal));
    }
    const keyed = this.runs.find(document, key);
    const outputs = this.runs.currentOutputs(document.uri, keyed);
    if (!outputs) throw changedMeanwhile(key);
    const edited = await vscode.workspace.applyEdit(recordEdit(document, keyed.sample.index, outputs));
    if (!edited) throw changedMeanwhile(key);
  }

  /** Opens the samples file, at a sample if one is named. */
  async show(document: vscode.TextDocument, key?: string): Promise<void> {
    const keyed = this.documents.parse(document).samples.find((sample) => sample.key === key);
    const visible = vscode.window.visibleTextEditors.find((editor) => editor.document === document);
    const editor = await vscode.window.showTextDocument(document, { viewColumn: visible?.viewColumn });
    if (!keyed) return;
    const { start } = rangeOf(document, keyed.sample.nameRange);
    editor.selection = new vscode.Selection(start, start);
    editor.revealRange(
      rangeOf(document, keyed.sample.range),
      vscode.TextEditorRevealType.InCenterIfOutsideViewport,
    );
  }

  /** Resolves to what went wrong; a cancel is thrown, because it is meant for all that follows as well. */
  async #attempt(
    document: vscode.TextDocument,
    key: string,
    task: TaskContext,
    place?: Elsewhere,
  ): Promise<Error | undefined> {
    task.signal.throwIfAborted();
    try {
      await this.runs.run(document, key, task.signal, place);
      return undefined;
    } catch (error) {
      if (isCancellation(error, task.signal)) throw cancelled();
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

function changedMeanwhile(key: string): UserError {
  return new UserError(
    'sample-invalid',
    `“${key}” was changed while the model predicted, so nothing was recorded.`,
    'Record again for the sample as it is now.',
  );
}
