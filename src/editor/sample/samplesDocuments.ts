import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../core/dispose';
import { Emitter } from '../../core/event';
import { parseSamples, samplesSuffix, type SampleAt, type SamplesFile } from '../../core/sample/samplesFile';
import type { ConfigStore } from '../services';

/** A sample with its place in the file and a key that is unique in it: its name, or `name #2` for the second of that name. */
export interface KeyedSample {
  key: string;
  /** Its place among the samples of the file, from 0. */
  index: number;
  sample: SampleAt;
}

/** The samples of a document as it is now. */
export interface ParsedSamples {
  file: SamplesFile;
  samples: KeyedSample[];
}

/** Knows which files are samples files, and what stands in an open one: parsed once for each version of it. */
export class SamplesDocuments implements Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new Emitter<void>());
  readonly #parsed = new WeakMap<vscode.TextDocument, { version: number; parsed: ParsedSamples }>();
  #configured: vscode.Uri[] = [];

  /** Fires when other files than before are samples files. */
  readonly onChange = this.#changed.event;

  constructor(private readonly config: ConfigStore) {
    this.#store.add(config.onChange(() => void this.#readConfig()));
    void this.#readConfig();
  }

  isSamples(uri: vscode.Uri): boolean {
    if (uri.scheme !== 'file') return false;
    return uri.path.endsWith(samplesSuffix) || this.#configured.some(({ path }) => path === uri.path);
  }

  /** Samples files that `slipway.json` names. */
  get configured(): readonly vscode.Uri[] {
    return this.#configured;
  }

  parse(document: vscode.TextDocument): ParsedSamples {
    const known = this.#parsed.get(document);
    if (known?.version === document.version) return known.parsed;
    const file = parseSamples(document.getText());
    const parsed = { file, samples: withKeys(file.samples) };
    this.#parsed.set(document, { version: document.version, parsed });
    return parsed;
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #readConfig(): Promise<void> {
    const { uri } = this.config;
    // A broken slipway.json shows its own errors.
    const config = await this.config.get().catch(() => undefined);
    const named = Object.values(config?.models ?? {}).flatMap(({ samples }) => samples ?? []);
    this.#configured = uri ? named.map((path) => vscode.Uri.joinPath(uri, '..', path)) : [];
    this.#changed.fire();
  }
}

/** Gives each sample a key that is unique in its file. */
export function withKeys(samples: SampleAt[]): KeyedSample[] {
  const seen = new Map<string, number>();
  return samples.map((sample) => {
    const count = (seen.get(sample.name) ?? 0) + 1;
    seen.set(sample.name, count);
    return { key: count === 1 ? sample.name : `${sample.name} #${count}`, index: sample.index, sample };
  });
}
