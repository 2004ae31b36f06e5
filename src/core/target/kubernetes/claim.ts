import { revisionNotes } from './names';
import { kinds, type Deployment } from './objects';
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
  const say = (since: string | null, limit: AbortSignal) =>
    site.api.annotate<Deployment>(
      kinds.deployment,
      found.deployment.metadata.name,
      { [revisionNotes.starting]: since },
      limit,
    );
  const { spec } = await say(new Date().toISOString(), signal);
  try {
    return await work({ ...found, wanted: spec.replicas ?? found.wanted });
  } finally {
    // Who can not take it back leaves it to its age.
    await say(null, AbortSignal.timeout(RESTORE_MS)).catch(() => undefined);
  }
}

/** Whether somebody is about to give a revision traffic. */
export function isClaimed({ deployment }: RevisionRecord): boolean {
  const since = Date.parse(deployment.metadata.annotations?.[revisionNotes.starting] ?? '');
  return Date.now() - since < STARTING_MS;
}
