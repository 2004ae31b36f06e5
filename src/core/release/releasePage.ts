import { UserError, whyOf } from '../errors';
import type { ToPage } from '../protocol/release';
import { releaseFacts } from './releaseFacts';
import { releaseId, shortName, type ReleaseName } from './releaseId';
import type { TargetStore } from './targetStore';

type Store = Pick<TargetStore, 'get' | 'releases' | 'error' | 'known' | 'answered'>;

/** What the page of a release has to say about it, as its target told last. */
export function releasePage(named: ReleaseName, targets: Store): ToPage {
  const subject = { id: releaseId(named), name: shortName(named), target: named.target };
  const target = targets.get(named.target);
  if (!target) {
    const why = 'slipway.json does not name it or has errors, or this workspace is not trusted.';
    return { ...subject, type: 'unreachable', why };
  }
  const error = targets.error(target);
  if (error) {
    const next = error instanceof UserError ? error.next : undefined;
    const answered = targets.answered(target)?.getTime();
    return { ...subject, type: 'unreachable', why: whyOf(error), next, answered };
  }
  if (!targets.known(target)) return { ...subject, type: 'waiting' };
  const line = targets.releases(target).filter(({ model }) => model.name === named.model);
  const release = line.find((candidate) => candidate.revision === named.revision);
  if (release) return { ...subject, type: 'release', facts: releaseFacts(release, line, target) };
  const [newest] = line;
  return {
    ...subject,
    type: 'gone',
    ...(newest && { newest: { id: newest.id, name: shortName({ ...named, revision: newest.revision }) } }),
  };
}
