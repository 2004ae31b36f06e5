import { randomUUID } from 'node:crypto';
import { revisionNotes } from './names';
import { kinds, type Deployment } from './objects';
import { retryConflicts } from './retryConflicts';
import type { RevisionRecord } from './revisions';
import type { Site } from './site';

/** For how long a revision may be on its way to its traffic, in milliseconds: a note that is older was left behind. */
const STARTING_MS = 600_000;
const RESTORE_MS = 20_000;

/**
 * Has a revision to itself that is about to get traffic: no promotion that ends meanwhile stops or removes it. `work` gets it as it is by
 * then, as one that ended before may have stopped it since it was found.
 */
export async function claiming<T>(
  site: Site,
  found: RevisionRecord,
  signal: AbortSignal,
  work: (record: RevisionRecord) => Promise<T>,
): Promise<T> {
  const { name } = found.deployment.metadata;
  const claim = `${new Date().toISOString()} ${randomUUID()}`;
  const takeBack = async (limit: AbortSignal) => {
    const now = await site.api.get<Deployment>(kinds.deployment, name, limit);
    if (!now || claimOn(now) !== claim) return;
    const { resourceVersion } = now.metadata;
    const metadata = { annotations: { [revisionNotes.starting]: null }, resourceVersion };
    await site.api.patch<Deployment>(kinds.deployment, name, { metadata }, limit);
  };
  try {
    const note = { [revisionNotes.starting]: claim };
    const deployment = await site.api.annotate<Deployment>(kinds.deployment, name, note, signal);
    return await work({ ...found, deployment, wanted: deployment.spec.replicas ?? found.wanted });
  } finally {
    // Who can not take it back leaves it to its age.
    const limit = AbortSignal.timeout(RESTORE_MS);
    await retryConflicts(() => takeBack(limit)).catch(() => undefined);
  }
}

/** Whether somebody is about to give a revision traffic. */
export function isClaimed({ deployment }: RevisionRecord): boolean {
  const [since = ''] = (claimOn(deployment) ?? '').split(' ');
  return Date.now() - Date.parse(since) < STARTING_MS;
}

/** Since when and by whom a revision is claimed, which is unlike any other claim; undefined where it is not. */
export function claimOn({ metadata }: Deployment): string | undefined {
  return metadata.annotations?.[revisionNotes.starting];
}
