import { existsSync } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../core/dispose';
import { messageOf } from '../../core/errors';
import { samplesSuffix } from '../../core/sample/samplesFile';
import { withoutIgnored } from '../../core/model/withoutIgnored';
import type { SampleRuns } from './sampleRuns';
import { runTests } from './runTests';
import type { SamplesDocuments } from './samplesDocuments';
import { rangeOf } from './textRanges';

/** Every samples file in the Test Explorer, with its samples as tests. */
export class SampleTests implements Disposable {
  readonly #store = new DisposableStore();
  readonly #controller = this.#store.add(vscode.tests.createTestController('slipway', 'Slipway samples'));
  #watching = false;

  constructor(
    private readonly documents: SamplesDocuments,
    runs: SampleRuns,
  ) {
    const controller = this.#controller;
    controller.resolveHandler = async (item) => {
      await (item ? this.#resolve(item) : this.#discover());
    };
    controller.refreshHandler = () => this.#discover();
    controller.createRunProfile(
      'Predict',
      vscode.TestRunProfileKind.Run,
      async (request, token) => {
        const { tests, broken } = await this.#wantedBy(request);
        const run = controller.createTestRun(request);
        for (const [item, message] of broken) run.errored(item, message);
        await runTests(run, tests, this.documents, runs, token);
      },
      true,
    );
  }

  /** Takes over the samples of a document as it is now, saved or not. */
  update(document: vscode.TextDocument): void {
    const item = this.#controller.items.get(document.uri.toString());
    if (!item) return;
    const { file, samples } = this.documents.parse(document);
    const [problem] = file.problems;
    item.error = problem?.message;
    const keys = new Set(samples.map(({ key }) => key));
    for (const { key, sample } of samples) {
      const test = item.children.get(key) ?? this.#controller.createTestItem(key, key, document.uri);
      test.range = rangeOf(document, sample.nameRange);
      item.children.add(test);
    }
    // A sample that can not be read in the midst of typing stays a test.
    if (problem) return;
    item.children.forEach(({ id }) => {
      if (!keys.has(id)) item.children.delete(id);
    });
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #discover(): Promise<void> {
    const found = await findSamplesFiles(this.documents);
    const wanted = new Set(found.map(String));
    this.#controller.items.forEach((item) => {
      if (!wanted.has(item.id)) this.#controller.items.delete(item.id);
    });
    for (const uri of found) this.#add(uri);
    this.#watch();
  }

  #add(uri: vscode.Uri): vscode.TestItem {
    const known = this.#controller.items.get(uri.toString());
    if (known) return known;
    const item = this.#controller.createTestItem(uri.toString(), path.basename(uri.path), uri);
    item.description = vscode.workspace.asRelativePath(vscode.Uri.joinPath(uri, '..'));
    item.canResolveChildren = true;
    this.#controller.items.add(item);
    return item;
  }

  /** Takes over what a file holds; resolves to why that may not be all of its samples. */
  async #resolve(item: vscode.TestItem): Promise<vscode.TestMessage | undefined> {
    if (!item.uri || item.parent) return undefined;
    try {
      const document = await vscode.workspace.openTextDocument(item.uri);
      this.update(document);
      return this.#problemOf(document);
    } catch (error) {
      item.error = messageOf(error);
      return new vscode.TestMessage(item.error);
    }
  }

  #problemOf(document: vscode.TextDocument): vscode.TestMessage | undefined {
    const [problem] = this.documents.parse(document).file.problems;
    if (!problem) return undefined;
    const message = new vscode.TestMessage(`${problem.message} Correct the samples file.`);
    message.location = new vscode.Location(document.uri, rangeOf(document, problem.range));
    return message;
  }

  /** Starts when somebody has looked at the tests for the first time. */
  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    const watcher = this.#store.add(vscode.workspace.createFileSystemWatcher('**/*.json'));
    const appeared = (uri: vscode.Uri) => {
      if (this.documents.isSamples(uri)) void this.#discover();
    };
    const changed = (uri: vscode.Uri) => {
      const item = this.#controller.items.get(uri.toString());
      // Of a file whose tests nobody has looked at, there is nothing to take over yet.
      if (item && (item.children.size > 0 || item.error)) void this.#resolve(item);
    };
    this.#store.add(watcher.onDidCreate(appeared));
    this.#store.add(watcher.onDidChange(changed));
    this.#store.add(watcher.onDidDelete((uri) => this.#controller.items.delete(uri.toString())));
    this.#store.add(this.documents.onChange(() => void this.#discover()));
  }

  /**
   * The tests that a request means, those of files that were not opened so far included, and the files that it means of which not
   * all can be tested.
   */
  async #wantedBy(request: vscode.TestRunRequest): Promise<Wanted> {
    if (!request.include && this.#controller.items.size === 0) await this.#discover();
    const roots = request.include ?? [...this.#controller.items].map(([, item]) => item);
    const excluded = new Set(request.exclude);
    const tests: vscode.TestItem[] = [];
    const broken = new Map<vscode.TestItem, vscode.TestMessage>();
    for (const item of roots) {
      if (excluded.has(item)) continue;
      if (item.parent) {
        tests.push(item);
        continue;
      }
      const message = await this.#resolve(item);
      if (message) broken.set(item, message);
      item.children.forEach((test) => tests.push(test));
    }
    const wanted = tests.filter((test, index) => !excluded.has(test) && tests.indexOf(test) === index);
    return { tests: wanted, broken };
  }
}

/** What a run is for. */
interface Wanted {
  tests: vscode.TestItem[];
  /** Files, and why some of what they hold can not be tested. */
  broken: Map<vscode.TestItem, vscode.TestMessage>;
}

/** Those in the workspace that no `.gitignore` leaves out, and those that `slipway.json` names. */
async function findSamplesFiles(documents: SamplesDocuments): Promise<vscode.Uri[]> {
  let paths = (await vscode.workspace.findFiles(`**/*${samplesSuffix}`)).map(({ fsPath }) => fsPath);
  for (const { uri } of vscode.workspace.workspaceFolders ?? [])
    paths = await withoutIgnored(uri.fsPath, paths);
  for (const { fsPath } of documents.configured) if (existsSync(fsPath)) paths.push(fsPath);
  return [...new Set(paths)].map((file) => vscode.Uri.file(file));
}
