import * as vscode from 'vscode';
import type { TaskContext } from '../../core/task';
import type { Model, Services } from '../services';
import { withLateProgress } from './lateProgress';
import { createSamplesFile } from './newSamplesFile';
import type { ModelServer } from './modelServer';
import { keysOf, openSamples, targetOf, type SampleTarget } from './pickSamples';
import type { SampleActions } from './sampleActions';
import type { SampleRuns } from './sampleRuns';
import type { SamplesDocuments } from './samplesDocuments';

/** The commands on samples. They throw what goes wrong; whoever registers them shows it. */
export class SampleCommands {
  constructor(
    private readonly services: Services,
    private readonly documents: SamplesDocuments,
    private readonly actions: SampleActions,
    private readonly runs: SampleRuns,
  ) {}

  /** *Predict*: with a sample, in the editor. */
  readonly predict = async (given?: SampleTarget | vscode.Uri): Promise<void> => {
    this.services.requireTrust();
    const target = await targetOf(given, this.documents, this.services.models);
    if (!target) return;
    const document = await openSamples(target.samples);
    const keys = await keysOf(document, target, this.documents, 'Predict with which sample?');
    if (!keys) return;
    this.#choose(target);
    await this.#show(document, keys);
    await this.actions.predict(document, keys);
  };

  /** *Predict with…*: with a sample of the model's file, on a server that runs; the result stands at the sample. */
  readonly predictWith = async (server: ModelServer): Promise<void> => {
    this.services.requireTrust();
    const { samples } = await this.services.models.madeOf(server.model);
    const document = await openSamples(samples);
    const keys = await keysOf(
      document,
      { samples },
      this.documents,
      `Predict with which sample on ${server.name}?`,
    );
    if (!keys) return;
    await this.#show(document, keys);
    await this.actions.predict(document, keys, server);
  };

  /** *Record as expected*: what the model gives now. */
  readonly recordExpected = async (given?: SampleTarget | vscode.Uri): Promise<void> => {
    this.services.requireTrust();
    const target = await targetOf(given, this.documents, this.services.models);
    if (!target) return;
    const document = await openSamples(target.samples);
    const keys = await keysOf(document, target, this.documents, 'Record for which sample?');
    if (!keys) return;
    this.#choose(target);
    await this.#show(document, keys);
    for (const key of keys) await this.actions.record(document, key);
  };

  /** *New Samples File*: made from the model's signature; one that exists is opened instead. */
  readonly newSamples = async (model: Model): Promise<void> => {
    await createSamplesFile(model, async () => {
      this.services.requireTrust();
      const connect = (task: TaskContext) =>
        this.services.predictor.connect(model.uri.fsPath, task.signal, (message) => task.report(message));
      return (await withLateProgress(`Asking ${model.name} what it takes`, connect)).signature;
    });
    const document = await openSamples(model.samples);
    await this.actions.show(document, this.documents.parse(document).samples[0]?.key);
  };

  /** *Open Samples*. */
  readonly openSamples = async (given?: SampleTarget | vscode.Uri): Promise<void> => {
    const target = await targetOf(given, this.documents, this.services.models);
    if (target) await this.actions.show(await openSamples(target.samples), target.key);
  };

  /** Samples that several models have are meant for the one that was given. */
  #choose(target: SampleTarget | Model): void {
    if ('uri' in target) this.runs.choose(target.samples, target.uri);
  }

  /** A result that nobody sees is none. */
  async #show(document: vscode.TextDocument, keys: string[]): Promise<void> {
    const visible = vscode.window.visibleTextEditors.some((editor) => editor.document === document);
    if (!visible) await this.actions.show(document, keys.length === 1 ? keys[0] : undefined);
  }
}
