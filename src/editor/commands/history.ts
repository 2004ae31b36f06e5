import * as vscode from 'vscode';
import type { Release } from '../../core/target/target';
import { pickRelease } from '../picks';
import { linkTo, type ReleasePages } from '../releasePages';
import type { Services } from '../services';
import { age } from '../words';
import { nodeOf, releaseOf, type Given } from './subject';

/** *Show Release*: all that its target says about it. */
export async function showRelease(services: Services, pages: ReleasePages, given: Given): Promise<void> {
  const release = releaseOf(given) ?? (await pickRelease(services, 'Show which release?'));
  if (release) await pages.show(release);
}

/** *Copy Link to Release*. */
export async function copyReleaseLink(services: Services, given: Given): Promise<void> {
  const release = releaseOf(given) ?? (await pickRelease(services, 'Link to which release?'));
  if (!release) return;
  await vscode.env.clipboard.writeText(linkTo(release).toString());
  vscode.window.setStatusBarMessage('$(check) The link is on the clipboard', 4000);
}

/** *Release History…*: the revisions of a model on a target; of two that are picked, what differs. */
export async function releaseHistory(services: Services, pages: ReleasePages, given: Given): Promise<void> {
  const line = await lineOf(services, given);
  if (!line) return;
  const [first] = line;
  const items = line.map((release) => ({
    label: `r${release.revision}`,
    description: [release.state, release.note].filter(Boolean).join(' · '),
    detail: `${age(release.created)} ago by ${release.author}${release.commit ? ` · ${release.commit.slice(0, 8)}` : ''}`,
    release,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title: `Releases of ${first?.model.name} on ${first?.target}`,
    placeHolder: 'Pick one to see it, or two to compare them',
    canPickMany: true,
    matchOnDescription: true,
  });
  const [one, other] = picked?.map(({ release }) => release) ?? [];
  if (one && other) await pages.compare(one, other);
  else if (one) await pages.show(one);
}

/** All revisions of one model on one target, the newest first. */
async function lineOf(services: Services, given: Given): Promise<Release[] | undefined> {
  const node = nodeOf(given);
  const of =
    node?.kind === 'releases'
      ? node.releases[0]
      : (releaseOf(given) ??
        (await pickRelease(services, 'History of which model?', ({ state }) => state === 'serving')));
  const target = of && services.targets.get(of.target);
  return target && services.targets.releases(target).filter(({ model }) => model.name === of.model.name);
}
