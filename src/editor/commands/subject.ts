import * as vscode from 'vscode';
import type { Endpoint } from '../../core/endpoint/endpoint';
import type { Release } from '../../core/target/target';
import { pickModel } from '../sample/pickSamples';
import type { Model, Services } from '../services';
import type { Node } from '../tree/nodes';

/** What a command is called with: an item of a view, a file of the explorer or the editor's title, or nothing by the palette. */
export type Given = Node | Model | vscode.Uri | undefined;

/** The model that is meant: given, open in the editor, the one of the samples that are open, or picked. */
export async function modelOf(given: Given, { models }: Services): Promise<Model | undefined> {
  if (given instanceof vscode.Uri) return models.get(given);
  if (given && 'kind' in given) {
    if ('model' in given && typeof given.model === 'object' && 'uri' in given.model) return given.model;
    if (given.kind === 'endpoint') return models.get(vscode.Uri.file(given.endpoint.model.path));
    if (given.kind === 'release') return models.get(vscode.Uri.file(given.release.model.path));
  } else if (given) {
    return given;
  }
  const open = activeUri();
  if (open?.path.endsWith('.onnx')) return models.get(open);
  return (open && (await models.ofSamples(open))) ?? pickModel(models);
}

export function endpointOf(given: Given): Endpoint | undefined {
  return given && 'kind' in given && given.kind === 'endpoint' ? given.endpoint : undefined;
}

export function releaseOf(given: Given): Release | undefined {
  return given && 'kind' in given && given.kind === 'release' ? given.release : undefined;
}

/** The file of the active tab: a model is binary, and so has no text editor. */
function activeUri(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  if (input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom) return input.uri;
  return vscode.window.activeTextEditor?.document.uri;
}
