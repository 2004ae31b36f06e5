import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import {
  configuredArguments,
  configuredPaths,
  configuredPlace,
  configuredSamples,
  modelName,
} from '../core/config/modelName';
import { DisposableStore, type Disposable } from '../core/dispose';
import { messageOf } from '../core/errors';
import { Emitter } from '../core/event';
import { describeModel, type ModelDescription } from '../core/model/describeModel';
import { interpreterFindings } from '../core/model/interpreter';
import { byName, modelsAmong } from '../core/model/findModels';
import { stampModel } from '../core/model/hashModel';
import { folderFiles, modelExtensions } from '../core/model/modelKind';
import { samplesPathFor } from '../core/sample/samplesFile';
import { pythonPath } from './pythonPlaces';
import type { ConfigStore, Model, ModelStore } from './services';

const pattern = `**/{${[...modelExtensions.map((extension) => `*.${extension}`), ...folderFiles].join(',')}}`;
/** Many files often change together, as a build or a checkout does it; milliseconds. */
const settleTime = 200;
/** What comes while VS Code sets up to watch the folder, nobody is told of: so long after, it is looked for once more; milliseconds. */
const watchTime = 3000;
/** Models whose headers are read at the same time. */
const readAtOnce = 16;

type Described = Pick<Model, 'description' | 'broken'>;

/** The model files of the workspace's folders, without what `files.exclude` and `.gitignore` leave out. */
export class WorkspaceModels implements ModelStore, Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new Emitter<void>());
  readonly onChange = this.#changed.event;
  readonly #found = this.#store.add(new Emitter<Model[]>());
  readonly onList = this.#found.event;
  readonly #described = new Map<string, { stamp: string; described: Described }>();
  #listed: Promise<Model[]> | undefined;
  #watching = false;
  #settling: NodeJS.Timeout | undefined;

  constructor(private readonly config: ConfigStore) {
    this.#store.add(config.onChange(() => this.refresh()));
    this.#store.add({ dispose: () => clearTimeout(this.#settling) });
  }

  list(): Promise<Model[]> {
    this.#watch();
    this.#listed ??= this.#find().catch((error: unknown) => {
      this.#listed = undefined;
      throw error;
    });
    return this.#listed;
  }

  async get(uri: vscode.Uri): Promise<Model> {
    const config = await this.config.get().catch(() => undefined);
    const file = uri.fsPath;
    const root = rootFor(file);
    return {
      uri,
      name: modelName(file, config, root),
      serverArguments: configuredArguments(file, config, root),
      samples: vscode.Uri.file(configuredSamples(file, config, root) ?? samplesPathFor(file)),
      ...(await this.#describe(file)),
    };
  }

  /** What `slipway.json` says about how a model's file is run. */
  async configured(file: string): Promise<{ serverArguments: string[]; place?: string }> {
    const config = await this.config.get().catch(() => undefined);
    const root = rootFor(file);
    return {
      serverArguments: configuredArguments(file, config, root),
      place: configuredPlace(file, config, root),
    };
  }

  async madeOf({ name, path }: { name: string; path: string }): Promise<Model> {
    const [same, ...others] = existsSync(path)
      ? []
      : (await this.list()).filter((model) => model.name === name);
    return same && others.length === 0 ? same : this.get(vscode.Uri.file(path));
  }

  async ofSamples(samples: vscode.Uri): Promise<Model | undefined> {
    return (await this.list()).find((model) => model.samples.fsPath === samples.fsPath);
  }

  refresh(): void {
    this.#listed = undefined;
    this.#changed.fire();
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #find(): Promise<Model[]> {
    const [found, config] = await Promise.all([
      vscode.workspace.findFiles(pattern),
      this.config.get().catch(() => undefined),
    ]);
    const files: string[] = [];
    for (const { uri, index } of vscode.workspace.workspaceFolders ?? []) {
      const inside = found.filter(
        (file) => vscode.workspace.getWorkspaceFolder(file)?.uri.fsPath === uri.fsPath,
      );
      files.push(
        ...(await modelsAmong(
          uri.fsPath,
          inside.map(({ fsPath }) => fsPath),
          index === 0 ? configuredPaths(config, uri.fsPath) : [],
        )),
      );
    }
    const sorted = files.sort(byName);
    const models: Model[] = [];
    for (let at = 0; at < sorted.length; at += readAtOnce) {
      const some = sorted.slice(at, at + readAtOnce).map((file) => this.get(vscode.Uri.file(file)));
      models.push(...(await Promise.all(some)));
    }
    const there = new Set(sorted);
    for (const file of this.#described.keys()) if (!there.has(file)) this.#described.delete(file);
    this.#found.fire(models);
    return models;
  }

  /** Reads a file's header, unless it is as it was when that was read last. */
  async #describe(file: string): Promise<Described> {
    const { place } = await this.configured(file);
    const python =
      place === 'process' && vscode.workspace.isTrusted ? await pythonPath(vscode.Uri.file(file)) : undefined;
    const stamp = `${await stampModel(file).catch(() => '')} ${python}`;
    const known = this.#described.get(file);
    if (known && known.stamp === stamp) return known.described;
    const described = await describe(file, python).then(
      (description) => ({ description }),
      (error: unknown) => ({ broken: messageOf(error) }),
    );
    this.#described.set(file, { stamp, described });
    return described;
  }

  /** Starts with the first who asks, so that a window without models costs nothing. */
  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    const settle = (time = settleTime) => {
      clearTimeout(this.#settling);
      this.#settling = setTimeout(() => this.refresh(), time);
    };
    settle(watchTime);
    for (const glob of [pattern, '**/*.samples.json', '**/.gitignore']) {
      const watcher = this.#store.add(vscode.workspace.createFileSystemWatcher(glob));
      for (const event of [watcher.onDidCreate, watcher.onDidChange, watcher.onDidDelete])
        this.#store.add(event(() => settle()));
    }
    this.#store.add(vscode.workspace.onDidChangeWorkspaceFolders(() => settle()));
    const concerns = (event: vscode.ConfigurationChangeEvent) =>
      ['files.exclude', 'slipway.python.interpreter'].some((name) => event.affectsConfiguration(name));
    this.#store.add(vscode.workspace.onDidChangeConfiguration((event) => concerns(event) && settle()));
  }
}

/** What the paths of `slipway.json` start from: of several folders it is the first one's, for the files of all of them. */
function rootFor(file: string): string {
  return vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? dirname(file);
}

/** What a model says about itself, and where `python`, which is to load it, has other versions than it was written by. */
async function describe(file: string, python: string | undefined): Promise<ModelDescription> {
  const description = await describeModel(file, undefined, python);
  if (description.kind !== 'pickle' || python === undefined) return description;
  const { scan } = description;
  const grave = scan.findings.filter(({ level }) => level === 'danger');
  const others = scan.findings.filter(({ level }) => level !== 'danger');
  const findings = [...grave, ...(await interpreterFindings(scan, python)), ...others];
  return { ...description, scan: { ...scan, findings } };
}
