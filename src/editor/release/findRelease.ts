import { parseReleaseId } from '../../core/release/releaseId';
import type { Release } from '../../core/target/target';
import type { Services } from '../services';

/** The release of this id, as its target says it is; a target that was not asked yet is asked first. */
export async function findRelease(
  id: string,
  { targets, syncTargets }: Pick<Services, 'targets' | 'syncTargets'>,
): Promise<Release | undefined> {
  const named = parseReleaseId(id);
  if (!named) return undefined;
  if (!targets.get(named.target)) await syncTargets();
  const target = targets.get(named.target);
  if (!target) return undefined;
  if (!targets.known(target)) await targets.refresh();
  return targets.releases(target).find((release) => release.id === id);
}
