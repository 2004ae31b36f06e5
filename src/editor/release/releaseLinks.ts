import * as vscode from 'vscode';
import { UserError } from '../../core/errors';
import { parseReleaseId } from '../../core/release/releaseId';
import type { Release } from '../../core/target/target';
import { lookAgain } from '../lookAgain';
import type { Services } from '../services';
import { findRelease } from './findRelease';
import type { ReleasePanels } from './releasePanels';

/** A link that opens the page of a release in whoever's VS Code has the workspace open. */
export function linkTo(release: Release): vscode.Uri {
  return vscode.Uri.from({
    scheme: vscode.env.uriScheme,
    authority: 'slipway.slipway',
    path: `/${release.id}`,
  });
}

/** Opens what a link leads to: `vscode://slipway.slipway/staging/iris/3`. */
export async function followLink(
  { path }: vscode.Uri,
  services: Pick<Services, 'targets' | 'syncTargets'>,
  panels: Pick<ReleasePanels, 'open'>,
): Promise<void> {
  const id = path.slice(1);
  const isAway = () =>
    services.targets.away().find(({ target }) => target.name === parseReleaseId(id)?.target);
  const release = await lookAgain(async () => {
    // It may be back by now.
    if (isAway()) await services.targets.refresh();
    return findRelease(id, services);
  });
  if (release) return panels.open(release.id);
  const away = isAway();
  if (away) throw away.error;
  throw new UserError(
    'release-missing',
    `This workspace has no release ${id}.`,
    'Open the folder whose slipway.json names its target.',
  );
}
