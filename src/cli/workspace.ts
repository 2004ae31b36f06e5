import { readFile, stat } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { configFileName, loadConfig, type Config } from '../core/config/config';
import {
  configuredArguments,
  configuredPaths,
  configuredPlace,
  configuredSamples,
  modelName,
} from '../core/config/modelName';
import { UserError } from '../core/errors';
import { fileReason } from '../core/fileErrors';
import type { ServedModel } from '../core/endpoint/endpoint';
import type { PythonPlace } from '../core/endpoint/pythonArguments';
import { positionOf } from '../core/jsonDocument';
import { describeModel } from '../core/model/describeModel';
import { findModels } from '../core/model/findModels';
import { hashModel } from '../core/model/hashModel';
import type { Signature } from '../core/model/signature';
import { commitOf } from '../core/release/commit';
import type { Deployment } from '../core/release/deploy';
import type { Sample } from '../core/sample/sample';
import { checkMeantFor, parseSamples, samplesPathFor, samplesSuffix } from '../core/sample/samplesFile';

/** So many models are named where the one that is meant is not there. */
const mostNames = 10;

/** A folder with models, and what its `slipway.json` says. */
export class Workspace {
  private constructor(
    readonly root: string,
    readonly config: Config | undefined,
  ) {}

  /** Throws `UserError` `config-invalid` where `slipway.json` has errors. */
  static async open(root: string): Promise<Workspace> {
    return new Workspace(root, await loadConfig(resolve(root, configFileName)));
  }

  /** Names of all models in `slipway.json`. */
  get models(): string[] {
    return Object.keys(this.config?.models ?? {});
  }

  /** What to name all models by: those of `slipway.json`, then the other files of the folder, as the editor's view finds them. */
  async allModels(): Promise<string[]> {
    const named = new Set(
      Object.values(this.config?.models ?? {}).map(({ path }) => resolve(this.root, path)),
    );
    const others = (await findModels(this.root)).filter((file) => !named.has(file));
    return [...this.models, ...others.map((file) => relative(this.root, file))];
  }

  /**
   * The model that is meant: by its name in `slipway.json`, by its file, or by the name that it is served by without being in `slipway.json`.
   * Throws `UserError` `model-missing`.
   */
  async model(given: string): Promise<ModelFile> {
    const named = this.config?.models?.[given]?.path;
    const path = resolve(this.root, named ?? given);
    const there = await stat(path).catch(() => undefined);
    if (there?.isFile() && !path.endsWith(samplesSuffix)) return this.#at(path);
    if (named !== undefined) throw notThere(given, named, there !== undefined);
    const all = await findModels(this.root, configuredPaths(this.config, this.root));
    const models = all.map((file) => this.#at(file));
    const [found, ...others] = models.filter(({ name }) => name === given);
    if (found && others.length === 0) return found;
    if (found) throw severalOf(given, [found, ...others], this.root);
    throw there ? noModel(given, there.isDirectory(), all, path, this.root) : missing(given, models);
  }

  #at(path: string): ModelFile {
    return new ModelFile(path, this.root, this.config);
  }
}

function notThere(given: string, path: string, isOther: boolean): UserError {
  return new UserError(
    'model-missing',
    `${configFileName} says that ${given} is ${path}, ${isOther ? 'which is no model' : 'and there is no such file'}.`,
    `Correct its path in ${configFileName}, or put the file there.`,
  );
}

function missing(given: string, models: ModelFile[]): UserError {
  const names = models.slice(0, mostNames).map(({ name }) => name);
  const known =
    names.length > 0 ? ` It has ${names.join(', ')}${models.length > mostNames ? ', …' : ''}.` : '';
  return new UserError(
    'model-missing',
    `${given} is neither a file nor a model of this folder.${known}`,
    'Name one that is there.',
  );
}

function noModel(given: string, isFolder: boolean, all: string[], path: string, root: string): UserError {
  const inside = all.find((file) => dirname(file) === path);
  return new UserError(
    'model-missing',
    `${given} ${isFolder ? 'is a folder' : 'holds samples'}, and no model.`,
    isFolder && inside
      ? `Name a file of it, such as ${relative(root, inside)}.`
      : 'Name the file of a model.',
  );
}

function severalOf(given: string, models: ModelFile[], root: string): UserError {
  const files = models.map(({ path }) => relative(root, path)).join(', ');
  return new UserError(
    'model-missing',
    `${given} is the name of several models: ${files}.`,
    `Name one of the files, or give them names in ${configFileName}.`,
  );
}

/** A model file with its samples and what `slipway.json` says about it. */
export class ModelFile {
  readonly name: string;
  readonly serverArguments: string[];
  readonly place: PythonPlace | undefined;

  constructor(
    readonly path: string,
    private readonly root: string,
    private readonly config: Config | undefined,
  ) {
    this.name = modelName(path, config, root);
    this.serverArguments = configuredArguments(path, config, root);
    this.place = configuredPlace(path, config, root);
  }

  /** As its file says it; undefined where only its server can. Throws `UserError` when the file is broken. */
  async signature(signal: AbortSignal): Promise<Signature | undefined> {
    return (await describeModel(this.path, signal)).signature;
  }

  /** Where its samples are or would be, relative to the folder. */
  get samplesFile(): string {
    return relative(this.root, this.#samplesPath);
  }

  /** None when there is no samples file. Throws `UserError` for one that `slipway.json` names or that can not be read, has errors, or is for another model. */
  async samples(): Promise<Sample[]> {
    const text = await this.#samplesText();
    if (text === undefined) return [];
    const file = parseSamples(text);
    const [first] = file.problems;
    if (!first) {
      checkMeantFor(file, this.#samplesPath, this.path);
      return file.samples;
    }
    const { line, column } = positionOf(text, first.range.offset);
    const place = `${this.samplesFile}:${line}:${column}`;
    throw new UserError('sample-invalid', `${place}: ${first.message}`, 'Correct the samples file.');
  }

  async served(signal: AbortSignal): Promise<ServedModel> {
    const { name, path, serverArguments } = this;
    return { name, path, hash: await hashModel(path, signal), serverArguments };
  }

  /** All that a deploy to a target of `slipway.json` needs. */
  async deployment(target: string, note: string, signal: AbortSignal): Promise<Deployment> {
    const { canary, load } = this.config?.targets[target] ?? {};
    return {
      model: await this.served(signal),
      signature: await this.signature(signal),
      samples: await this.samples(),
      note,
      commit: await commitOf(this.root, signal),
      canary,
      load,
    };
  }

  get #samplesPath(): string {
    return this.#configuredSamples ?? samplesPathFor(this.path);
  }

  get #configuredSamples(): string | undefined {
    return configuredSamples(this.path, this.config, this.root);
  }

  /** Undefined when nobody says that there are samples. */
  async #samplesText(): Promise<string | undefined> {
    try {
      return await readFile(this.#samplesPath, 'utf8');
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (missing && this.#configuredSamples === undefined) return undefined;
      throw new UserError(
        'samples-missing',
        `The samples of ${this.name} can not be read from ${this.samplesFile}: ${fileReason(error)}.`,
        missing ? `Write them there, or correct "samples" of the model in ${configFileName}.` : undefined,
        { cause: error },
      );
    }
  }
}
