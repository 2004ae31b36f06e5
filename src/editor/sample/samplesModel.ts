import { existsSync } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { UserError } from '../../core/errors';
import type { Signature } from '../../core/model/signature';
import { modelExtensions } from '../../core/model/modelKind';
import { samplesSuffix, type SamplesFile } from '../../core/sample/samplesFile';
import type { Model, ModelStore } from '../services';

/** A model that samples are for. */
export interface SamplesModel {
  path: string;
  /** Absent where only a server can say what the model takes. */
  signature?: Signature;
}

/**
 * The model that a samples file is for, ready to predict with. Throws when it is missing or broken.
 * @param chosen the one of several with these samples that the person has predicted with last; not against what the file or `slipway.json` says
 */
export async function modelOfSamples(
  samples: vscode.Uri,
  file: SamplesFile,
  models: ModelStore,
  chosen?: vscode.Uri,
): Promise<SamplesModel> {
  const model =
    (chosen && (await chosenModel(samples, file, models, chosen))) ??
    (await findModel(samples, file, models));
  const name = path.basename(samples.fsPath);
  if (!model) {
    const expected = path.basename(modelBeside(samples));
    const next = `Put ${expected} beside it, or name this file at a model in slipway.json.`;
    throw new UserError('model-missing', `There is no model for ${name}.`, next);
  }
  if (!model.description) {
    throw brokenModel(model);
  }
  return { path: model.uri.fsPath, signature: model.description.signature };
}

/** Says why a model can not be used; `broken` names the file itself. */
export function brokenModel({ uri, broken }: Model): UserError {
  const message = broken ?? `${path.basename(uri.fsPath)} can not be read as a model.`;
  return new UserError('model-broken', message, 'Replace the model file.');
}

/** Undefined where it is gone, or these are not its samples any more. */
async function chosenModel(
  samples: vscode.Uri,
  { model: named }: SamplesFile,
  models: ModelStore,
  chosen: vscode.Uri,
): Promise<Model | undefined> {
  if (named !== undefined || !existsSync(chosen.fsPath)) return undefined;
  const model = await models.get(chosen);
  return model.samples.fsPath === samples.fsPath ? model : undefined;
}

/** What the file names itself, what `slipway.json` says, or what is beside it, which may be a model that the workspace does not list. */
async function findModel(
  samples: vscode.Uri,
  { model: named }: SamplesFile,
  models: ModelStore,
): Promise<Model | undefined> {
  if (named !== undefined) return models.get(vscode.Uri.joinPath(samples, '..', named));
  const listed = await models.ofSamples(samples);
  if (listed || !samples.path.endsWith(samplesSuffix)) return listed;
  const beside = modelExtensions
    .map((extension) => modelBeside(samples, extension))
    .find((file) => existsSync(file));
  return beside === undefined ? undefined : models.get(vscode.Uri.file(beside));
}

function modelBeside({ fsPath }: vscode.Uri, extension = 'onnx'): string {
  return path.join(
    path.dirname(fsPath),
    `${path.basename(fsPath, path.extname(fsPath)).replace(/\.samples$/, '')}.${extension}`,
  );
}
