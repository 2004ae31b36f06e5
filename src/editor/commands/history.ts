import * as vscode from 'vscode';
import { UserError } from '../../core/errors';
import type { Release } from '../../core/target/target';
import { askPick, askPicks } from '../ask';
import { pickRelease } from '../picks';
import type { ReleaseDocuments } from '../release/releaseDocuments';
import { linkTo } from '../release/releaseLinks';
import type { ReleasePanels } from '../release/releasePanels';
import type { Services } from '../services';
import { age } from '../words';
import { nameOf, targetOf } from './releases';
import { nodeOf, releaseOf, type Given } from './subject';

/** *Show Release*: its page, which follows what its target says. */
export async function showRelease(services: Services, pages: ReleasePanels, given: Given): Promise<void> {
  const release = releaseOf(given) ?? (await pickRelease(services, 'Show which release?'));
  if (release) pages.open(release.id);
}

/** *Compare Release with…*: what differs between it and another revision of the same model. */
export async function compareRelease(
  services: Services,
  documents: ReleaseDocuments,
  given: Given,
): Promise<void> {
  const release = releaseOf(given) ?? (await pickRelease(services, 'Compare which release?'));
  if (!release) return;
  const others = lineWith(release, services).filter(({ id }) => id !== release.id);
  const name = nameOf(release);
  if (others.length === 0) {
    const message = `${name} is the only revision of ${release.model.name} on ${release.target}.`;
    throw new UserError('release-missing', message, 'Deploy the model again to have two.');
  }
  const picked = await askPick(others.map(choiceOf), {
    title: `Compare ${name} on ${release.target}`,
    placeHolder: 'With which revision?',
  });
  if (picked) await documents.compare(release, picked.release);
}

/** *Copy Link to Release*. */
export async function copyReleaseLink(services: Services, given: Given): Promise<void> {
  const release = releaseOf(given) ?? (await pickRelease(services, 'Link to which release?'));
  if (!release) return;
  await vscode.env.clipboard.writeText(linkTo(release).toString());
  vscode.window.setStatusBarMessage('$(check) The link is on the clipboard', 4000);
}

/** *Release History…*: the revisions of a model on a target; of two that are picked, what differs. */
export async function releaseHistory(
  services: Services,
  documents: ReleaseDocuments,
  pages: ReleasePanels,
  given: Given,
): Promise<void> {
  const line = await lineOf(services, given);
  if (!line) return;
  const [first] = line;
  const picked = await askPicks(line.map(choiceOf), {
    title: `Releases of ${first?.model.name} on ${first?.target}`,
    placeHolder: 'Pick one to see it, or two to compare them',
  });
  const [one, other] = picked?.map(({ release }) => release) ?? [];
  if (one && other) await documents.compare(one, other);
  else if (one) pages.open(one.id);
}

/** All revisions of one model on one target, the newest first. */
async function lineOf(services: Services, given: Given): Promise<Release[] | undefined> {
  const node = nodeOf(given);
  const of =
    node?.kind === 'releases'
      ? node.releases[0]
      : (releaseOf(given) ?? (await pickRelease(services, 'History of which model?', firstOfEach())));
  return of && lineWith(of, services);
}

/** Lets one release of each model on each target through: the first that comes, which is the newest. */
function firstOfEach(): (release: Release) => boolean {
  const seen = new Set<string>();
  return ({ target, model }) => {
    const line = `${target}/${model.name}`;
    return !seen.has(line) && Boolean(seen.add(line));
  };
}

/** All revisions of a release's model on its target. */
function lineWith({ target, model }: Release, services: Services): Release[] {
  const on = targetOf(target, services);
  return services.targets.releases(on).filter((release) => release.model.name === model.name);
}

function choiceOf(release: Release): vscode.QuickPickItem & { release: Release } {
  const { revision, state, note, created, author, commit } = release;
  return {
    label: `r${revision}`,
    description: [state, note].filter(Boolean).join(' · '),
    detail: `${age(created)} ago by ${author}${commit ? ` · ${commit.slice(0, 8)}` : ''}`,
    release,
  };
}
