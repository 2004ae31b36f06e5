import * as path from 'node:path';
import * as vscode from 'vscode';
import { ChildController } from '../../core/childController';
import { DisposableStore, type Disposable } from '../../core/dispose';
import { isCancellation, UserError } from '../../core/errors';
import { Emitter } from '../../core/event';
import type { Tensor } from '../../core/inference/tensor';
import { isInside, stampModel } from '../../core/model/hashModel';
import type { Signature } from '../../core/model/signature';
import { runSample, type Inference } from '../../core/sample/runSample';
import type { SampleResult } from '../../core/sample/sample';
import type { Services } from '../services';
import { inputsOf, judge, type Outcome, type Verdict } from './outcome';
import type { KeyedSample, SamplesDocuments } from './samplesDocuments';
import { modelOfSamples, type SamplesModel } from './samplesModel';

/** Outcomes beyond this are forgotten, oldest first: their outputs may be large. */
const KEPT_OUTCOMES = 500;

/** Where a sample is run instead of on the server behind the editor's own predictions. */
export interface Elsewhere {
  /** For people: `staging/iris/3`. */
  name: string;
  connect(signal: AbortSignal): Promise<Connection>;
}

/** Something that predicts, and what it takes and gives: that may be another version than the file in the workspace. */
export interface Connection extends Inference {
  signature: Signature;
}

/** Runs samples, whoever asks, and remembers what came of each until something newer does. */
export class SampleRuns implements Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new Emitter<vscode.Uri>());
  readonly #running = new Map<string, AbortController>();
  readonly #chosen = new Map<string, vscode.Uri>();
  readonly #outcomes = new Map<string, Outcome & { document: vscode.Uri; model?: ModelVersion }>();

  /** Fires with the samples file in which a run has started or ended, or a result has become outdated. */
  readonly onChange = this.#changed.event;

  constructor(
    private readonly services: Services,
    private readonly documents: SamplesDocuments,
  ) {
    this.#store.add(services.models.onChange(() => void this.markOutdated()));
    // What belongs to a model is often no model itself, as a module that its script imports.
    this.#store.add(vscode.workspace.onDidSaveTextDocument(({ uri }) => void this.markOutdated(uri.fsPath)));
  }

  /**
   * Predicts with a sample as the document has it now. Its outcome, also when that is an error, then stands at the sample.
   * A run of the same sample that has not ended is cancelled. Throws what went wrong, and `signal.reason` when cancelled.
   */
  async run(
    document: vscode.TextDocument,
    key: string,
    signal: AbortSignal,
    elsewhere?: Elsewhere,
  ): Promise<SampleResult> {
    this.services.requireTrust();
    const { sample } = this.find(document, key);
    const id = idOf(document.uri, key);
    this.cancel(document.uri, key);
    const own = new ChildController(signal);
    const either = own.signal;
    this.#running.set(id, own);
    this.#changed.fire(document.uri);
    let model: ModelVersion | undefined;
    const keep = (answer: Outcome['answer']) => {
      const asked = { inputs: inputsOf(sample), where: elsewhere?.name, document: document.uri, model };
      this.#keep(id, { ...asked, answer, outdated: false });
    };
    try {
      let connection: Connection;
      if (elsewhere) {
        connection = await elsewhere.connect(either);
      } else {
        const { path: file, signature } = await this.modelOf(document);
        model = await versionOf(file);
        const { predictor } = this.services;
        connection = signature
          ? { signature, infer: (inputs, until) => predictor.infer(file, inputs, until) }
          : await predictor.connect(file, either);
      }
      const result = await runSample(connection, connection.signature, sample, either);
      either.throwIfAborted();
      keep(result);
      return result;
    } catch (error) {
      either.throwIfAborted();
      if (!isCancellation(error)) keep({ error });
      throw error;
    } finally {
      own.dispose();
      if (this.#running.get(id) === own) this.#running.delete(id);
      this.#changed.fire(document.uri);
    }
  }

  /** The sample with this key as it is now. */
  find(document: vscode.TextDocument, key: string): KeyedSample {
    const found = this.documents.parse(document).samples.find((sample) => sample.key === key);
    if (found) return found;
    const file = path.basename(document.uri.fsPath);
    throw new UserError(
      'sample-invalid',
      `There is no sample “${key}” in ${file}.`,
      'Choose one that is in the file.',
    );
  }

  /** The model that the document is for; throws when it is missing or broken. */
  modelOf(document: vscode.TextDocument): Promise<SamplesModel> {
    const chosen = this.#chosen.get(document.uri.toString());
    return modelOfSamples(document.uri, this.documents.parse(document).file, this.services.models, chosen);
  }

  /** Of several models with these samples, this one is run from now on; what others gave is not what it gives. */
  choose(samples: vscode.Uri, model: vscode.Uri): void {
    if (this.#chosen.get(samples.toString())?.fsPath !== model.fsPath) this.cancel(samples);
    this.#chosen.set(samples.toString(), model);
    for (const outcome of this.#outcomes.values()) {
      if (!outcome.model || outcome.document.toString() !== samples.toString()) continue;
      if (outcome.model.path !== model.fsPath) outcome.outdated = true;
    }
    this.#changed.fire(samples);
  }

  isRunning(document: vscode.Uri, key: string): boolean {
    return this.#running.has(idOf(document, key));
  }

  /** Cancels a run of this sample, or of all samples of the file; nothing when none runs. */
  cancel(document: vscode.Uri, key?: string): void {
    for (const [id, run] of this.#running) {
      const meant = key === undefined ? id.startsWith(idOf(document, '')) : id === idOf(document, key);
      if (meant) run.abort(cancelled());
    }
  }

  /** The outputs that the model in the workspace gives for the sample's inputs as they are now; undefined when it has not been asked. */
  currentOutputs(document: vscode.Uri, { key, sample }: KeyedSample): Tensor[] | undefined {
    const outcome = this.#outcomes.get(idOf(document, key));
    if (!outcome || outcome.where !== undefined || 'error' in outcome.answer) return undefined;
    const current = !outcome.outdated && outcome.inputs === inputsOf(sample);
    return current ? outcome.answer.outputs : undefined;
  }

  /** What the last outcome says about the sample as it is now; undefined when there is none. */
  verdict(document: vscode.Uri, { key, sample }: KeyedSample): Verdict | undefined {
    const outcome = this.#outcomes.get(idOf(document, key));
    return outcome && judge(outcome, sample);
  }

  /** Looks at the models again, or at those that a file may belong to: not every change of one is told of. */
  async markOutdated(changed?: string): Promise<void> {
    const models = new Map<string, Promise<ModelVersion>>();
    // Not what is kept meanwhile: that may be of a newer version than was looked at.
    for (const outcome of [...this.#outcomes.values()]) {
      if (!outcome.model || outcome.outdated) continue;
      const { path: file, version } = outcome.model;
      if (changed !== undefined && !isInside(path.dirname(file), changed)) continue;
      const now = models.get(file) ?? versionOf(file);
      models.set(file, now);
      if ((await now).version === version) continue;
      outcome.outdated = true;
      this.#changed.fire(outcome.document);
    }
  }

  dispose(): void {
    for (const run of this.#running.values()) run.abort(cancelled());
    this.#store.dispose();
  }

  #keep(id: string, outcome: Outcome & { document: vscode.Uri; model?: ModelVersion }): void {
    this.#outcomes.delete(id);
    this.#outcomes.set(id, outcome);
    const [oldest] = this.#outcomes.keys();
    if (oldest !== undefined && this.#outcomes.size > KEPT_OUTCOMES) this.#outcomes.delete(oldest);
  }
}

/** A model, with all of its files, at a moment. */
interface ModelVersion {
  path: string;
  version: string;
}

async function versionOf(file: string): Promise<ModelVersion> {
  return { path: file, version: await stampModel(file).catch(() => 'missing') };
}

function idOf(document: vscode.Uri, key: string): string {
  return `${document.toString()}\n${key}`;
}

/** The reason with which a run is aborted, so that it reads as a cancel everywhere. */
export function cancelled(): DOMException {
  return new DOMException('Cancelled.', 'AbortError');
}
