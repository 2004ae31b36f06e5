import * as vscode from 'vscode';
import type { Endpoint } from '../../core/endpoint/endpoint';
import type { Release, Target } from '../../core/target/target';
import { pickRunning, type Running } from '../picks';
import { modelAt, pickModel } from '../sample/pickSamples';
import type { Model, Services } from '../services';
import type { Node } from '../tree/nodes';

/** What a command is called with: an item of a view, a file of the explorer or the editor's title, or nothing by the palette. */
export type Given = Node | Model | vscode.Uri | undefined;

/** The model that is meant: given, open in the editor, the one of the samples that are open, or picked. */
export async function modelOf(given: Given, { models }: Services): Promise<Model | undefined> {
  if (given instanceof vscode.Uri) return modelAt(given, models);
  const node = nodeOf(given);
  if (given && !node) return given as Model;
  const server = node && runningOf(node);
  if (server) return models.madeOf(servedBy(server).model);
  if (node && 'model' in node && typeof node.model === 'object') return node.model;
  const file = node?.kind === 'sample' ? node.samples : activeUri();
  return (file && (await modelAt(file, models))) ?? pickModel(models);
}

/** The endpoint or release that is meant: given, or the one that the person picks. */
export async function runningGiven(
  given: Given,
  services: Services,
  placeHolder: string,
): Promise<Running | undefined> {
  const node = nodeOf(given);
  return (node && runningOf(node)) ?? pickRunning(services, placeHolder);
}

/** Of several releases that share an address, the one that serves is meant. */
export function runningOf(node: Node): Running | undefined {
  if (node.kind === 'endpoint' || node.kind === 'release') return node;
  if (node.kind !== 'releases') return undefined;
  const release = node.releases.find(({ state }) => state === 'serving') ?? node.releases[0];
  return release && { kind: 'release', release };
}

export function endpointOf(given: Given): Endpoint | undefined {
  const node = nodeOf(given);
  return node?.kind === 'endpoint' ? node.endpoint : undefined;
}

export function releaseOf(given: Given): Release | undefined {
  const node = nodeOf(given);
  return node?.kind === 'release' ? node.release : undefined;
}

/** The target that is meant: by its own item, or by one below it. */
export function targetGiven(given: Given): Target | undefined {
  const node = nodeOf(given);
  return node?.kind === 'target' || node?.kind === 'releases' ? node.target : undefined;
}

export function nodeOf(given: Given): Node | undefined {
  return given && 'kind' in given ? given : undefined;
}

function servedBy(running: Running): Endpoint | Release {
  return running.kind === 'endpoint' ? running.endpoint : running.release;
}

/** The file of the active tab: a model is binary, and so has no text editor. */
function activeUri(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  if (input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom) return input.uri;
  return (input as { uri?: vscode.Uri } | undefined)?.uri ?? vscode.window.activeTextEditor?.document.uri;
}
