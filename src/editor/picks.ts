import * as vscode from 'vscode';
import type { Endpoint } from '../core/endpoint/endpoint';
import { UserError } from '../core/errors';
import type { Release, Target } from '../core/target/target';
import type { Services } from './services';

/** Asks for one of several things; a single one is taken without asking. Undefined when the person picks none. */
async function pick<T>(
  all: T[],
  placeHolder: string,
  line: (one: T) => vscode.QuickPickItem,
): Promise<T | undefined> {
  if (all.length === 1) return all[0];
  const items = all.map((one) => ({ ...line(one), one }));
  return (await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true }))?.one;
}

export function endpointLine({ model, url, engine, health }: Endpoint): vscode.QuickPickItem {
  return { label: model.name, description: [url, engine, health].filter(Boolean).join(' · ') };
}

export function releaseLine({ model, target, revision, state, note }: Release): vscode.QuickPickItem {
  return {
    label: `${model.name} r${revision}`,
    description: [target, state, note].filter(Boolean).join(' · '),
  };
}

export async function pickEndpoint(
  { endpoints }: Services,
  placeHolder: string,
  fits: (endpoint: Endpoint) => boolean = () => true,
): Promise<Endpoint | undefined> {
  await endpoints.refresh();
  const all = endpoints.list().filter(fits);
  if (all.length === 0)
    throw new UserError('endpoint-gone', 'No endpoint runs.', 'Start one with “Serve Model”.');
  return pick(all, placeHolder, endpointLine);
}

export async function pickTarget({ targets, config }: Services): Promise<Target | undefined> {
  await config.get();
  const all = targets.targets();
  if (all.length === 0) {
    throw new UserError(
      'target-missing',
      'There is no target to deploy to.',
      'Name one in slipway.json; “Create slipway.json” writes a first one.',
    );
  }
  const items = all.map((target) => ({
    label: target.name,
    description: `${target.kind} · ${target.address}`,
    target,
  }));
  return (await vscode.window.showQuickPick(items, { placeHolder: 'Deploy to which target?' }))?.target;
}

export async function pickRelease(
  { targets }: Services,
  placeHolder: string,
  fits: (release: Release) => boolean = () => true,
): Promise<Release | undefined> {
  await targets.refresh();
  const all = targets.targets().flatMap((target) => targets.releases(target).filter(fits));
  if (all.length === 0)
    throw new UserError('release-missing', 'There is no such release.', 'Deploy a model first.');
  return pick(all, placeHolder, releaseLine);
}
