import { existsSync } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { UserError } from '../../core/errors';
import { fileReason } from '../../core/fileErrors';
import { isModelFile } from '../../core/model/modelKind';
import { askPick } from '../ask';
import type { Model, ModelStore } from '../services';
import { shortSample } from './describeVerdict';
import type { SamplesDocuments } from './samplesDocuments';

/** What a command on samples is asked for. A {@link Model} is one too: its samples, none in particular. */
export interface SampleTarget {
  samples: vscode.Uri;
  /** The sample; asked for when there is a choice. */
  key?: string;
  /** All samples of the file, without asking. */
  all?: boolean;
}

/** What was given, else what the active editor shows, else what the person picks; undefined when she picks nothing. */
export async function targetOf(
  given: SampleTarget | vscode.Uri | undefined,
  documents: SamplesDocuments,
  models: ModelStore,
): Promise<SampleTarget | undefined> {
  if (given && 'samples' in given) return given;
  const editor = vscode.window.activeTextEditor;
  // The tab, because a model is binary and so has no text editor.
  const tab = vscode.window.tabGroups.activeTabGroup.activeTab?.input as { uri?: unknown } | undefined;
  const open = tab?.uri instanceof vscode.Uri ? tab.uri : undefined;
  const uri = given ?? open;
  if (uri && documents.isSamples(uri)) {
    const hasCursor = editor?.document.uri.toString() === uri.toString() && !given;
    return { samples: uri, key: hasCursor ? sampleAt(editor, documents) : undefined };
  }
  return (uri && (await modelAt(uri, models))) ?? pickModel(models);
}

/** The model that a file is, or that it is the samples of; undefined for any other file. */
export async function modelAt(uri: vscode.Uri, models: ModelStore): Promise<Model | undefined> {
  if (isModelFile(uri.path)) return models.get(uri);
  const listed = (await models.list()).find((model) => model.uri.fsPath === uri.fsPath);
  return listed ?? models.ofSamples(uri);
}

export async function pickModel(models: ModelStore): Promise<Model | undefined> {
  const found = await models.list();
  if (found.length === 0) {
    throw new UserError(
      'model-missing',
      'There is no model in this workspace.',
      'Put a model file (.onnx, .pkl, .joblib) into the folder.',
    );
  }
  if (found.length === 1) return found[0];
  const items = found.map((model) => ({
    label: model.name,
    description: vscode.workspace.asRelativePath(model.uri),
    detail: model.broken,
    model,
  }));
  const picked = await askPick(items, { placeHolder: 'Which model?' });
  return picked?.model;
}

/** The document of a samples file. */
export async function openSamples(samples: vscode.Uri): Promise<vscode.TextDocument> {
  const document = await openIfThere(samples);
  if (document) return document;
  const message = `There is no ${path.basename(samples.fsPath)} yet.`;
  throw new UserError('samples-missing', message, 'Make one with “New Samples File”.');
}

/** The document of a samples file; undefined where there is none. Throws `UserError` for one that is of no use. */
export async function openIfThere(samples: vscode.Uri): Promise<vscode.TextDocument | undefined> {
  try {
    return await vscode.workspace.openTextDocument(samples);
  } catch (cause) {
    if (!existsSync(samples.fsPath)) return undefined;
    const reason = fileReason(cause).replace(/\.?$/, '.');
    throw new UserError(
      'not-readable',
      `${vscode.workspace.asRelativePath(samples)} can not be opened: ${reason}`,
      'Put a text file there that the editor can open.',
      { cause },
    );
  }
}

/** The keys of the samples that are meant: asks when it is open and there are several. Undefined when the person picks nothing. */
export async function keysOf(
  document: vscode.TextDocument,
  { key, all }: SampleTarget,
  documents: SamplesDocuments,
  question: string,
): Promise<string[] | undefined> {
  const { samples } = documents.parse(document);
  const keys = samples.map((sample) => sample.key);
  if (key !== undefined) return [key];
  if (keys.length === 0) {
    const file = path.basename(document.uri.fsPath);
    throw new UserError('samples-missing', `There is no sample in ${file}.`, 'Add one to its "samples".');
  }
  if (all || keys.length === 1) return keys;
  const everything = { label: 'All samples', description: String(keys.length), keys };
  const items = samples.map((keyed) => ({
    label: keyed.key,
    description: shortSample(keyed.sample),
    keys: [keyed.key],
  }));
  const picked = await askPick([...items, everything], { placeHolder: question });
  return picked?.keys;
}

function sampleAt(editor: vscode.TextEditor, documents: SamplesDocuments): string | undefined {
  const cursor = editor.document.offsetAt(editor.selection.active);
  const { samples } = documents.parse(editor.document);
  return samples.find(
    ({ sample: { range } }) => range.offset <= cursor && cursor <= range.offset + range.length,
  )?.key;
}
