import * as vscode from 'vscode';
import type { Endpoint } from '../../core/endpoint/endpoint';
import { healthNames } from '../../core/protocol/health';
import { canShare, changeable } from '../../core/release/releaseActions';
import { findReleaseBefore } from '../../core/release/rollBack';
import type { Release, Target } from '../../core/target/target';
import { age, shortDigest } from '../words';
import { healthIcon, item, tooltip } from './item';

const { Expanded, None } = vscode.TreeItemCollapsibleState;

/** A model server of this machine: its address, and how it is. */
export function endpointItem(endpoint: Endpoint, under = ''): vscode.TreeItem {
  const { model, url, engine, health, detail, created } = endpoint;
  const parts = [health, url?.replace('http://', ''), engine, age(created)].filter(Boolean);
  return item(model.name, None, {
    id: under + endpoint.id,
    description: parts.join(' · '),
    iconPath: healthIcon(health),
    tooltip: tooltip([
      ['Endpoint', model.name],
      ['URL', url],
      ['Health', detail ? `${health}: ${detail}` : health],
      ['Engine', engine],
      ['Model', model.path],
      ['Model hash', model.hash.slice(0, 12)],
      ['Made', created.toLocaleString()],
    ]),
    contextValue: `endpoint.${url && health !== 'stopped' ? 'running' : 'stopped'}`,
    accessibilityInformation: { label: `endpoint ${model.name}, ${parts.join(', ')}` },
  });
}

/** A model on a target: the stable address that its releases share. */
export function releasesItem(model: string, target: Target, releases: Release[]): vscode.TreeItem {
  const serving = releases.find(({ state }) => state === 'serving');
  const stable = releases.find(({ stableUrl }) => stableUrl)?.stableUrl;
  const words = serving ? (stable?.replace('http://', '') ?? '') : 'no release serves';
  const canRollBack = serving && changeable(serving.health) && findReleaseBefore(releases);
  return item(model, Expanded, {
    id: `${target.name}/${model}`,
    description: words,
    iconPath: new vscode.ThemeIcon('circuit-board'),
    tooltip: tooltip([
      ['Model', model],
      ['Stable URL', stable],
      ['Serves', serving && `revision ${serving.revision}`],
    ]),
    contextValue: ['releases', serving && 'serving', canRollBack && 'canRollBack'].filter(Boolean).join('.'),
    accessibilityInformation: { label: `${model} on ${target.name}, ${words}` },
  });
}

/** One revision of a model on a target. */
export function releaseItem(release: Release, on?: Target, under = ''): vscode.TreeItem {
  const {
    revision,
    state,
    health,
    detail,
    traffic,
    digest,
    note,
    author,
    created,
    url,
    stableUrl,
    replicas,
  } = release;
  const status = traffic > 0 ? `${state} ${traffic} %` : state;
  const ready = replicas && `${replicas.ready} of ${replicas.wanted} ready`;
  const how = healthNames[health];
  const parts = [status, health !== 'ready' && how, ready, note, shortDigest(digest), age(created)].filter(
    Boolean,
  );
  const { model, target } = release;
  return item(under ? `${target} r${revision}` : `r${revision}`, None, {
    id: under + release.id,
    description: parts.join(' · '),
    iconPath: healthIcon(health),
    tooltip: tooltip([
      ['Release', `${model.name} r${revision} on ${target}`],
      ['State', status],
      ['Health', detail ? `${how}: ${detail}` : how],
      ['Note', note],
      ['Digest', digest],
      ['Proven', release.proof],
      ['Commit', release.commit],
      ['Servers', ready],
      ['By', author],
      ['Deployed', created.toLocaleString()],
      ['Stable URL', stableUrl],
      ['Own URL', url],
      ['Model hash', model.hash.slice(0, 12)],
    ]),
    contextValue: [
      `release.${changeable(health) ? state : health}.${url ? 'running' : 'stopped'}`,
      on && canShare(release, on) && 'canShare',
      on?.scale && changeable(health) && 'canScale',
    ]
      .filter(Boolean)
      .join('.'),
    accessibilityInformation: {
      label: `release ${revision} of ${model.name} on ${target}, ${parts.join(', ')}`,
    },
  });
}
