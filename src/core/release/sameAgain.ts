import type { Release, ReleaseRequest, Target } from '../target/target';
import type { TaskContext } from '../task';
import type { Deployment } from './deploy';
import { prove } from './prove';
import { releaseWords } from './releaseId';

/** The release that serves, when a deploy would make the very same again. */
export async function findSame(
  target: Target,
  request: ReleaseRequest,
  digest: string,
  signal: AbortSignal,
): Promise<Release | undefined> {
  const { model, samplesHash } = request;
  return (await target.list(signal)).find(
    (release) =>
      release.model.name === model.name &&
      release.state === 'serving' &&
      release.traffic === 100 &&
      isUp(release) &&
      release.digest === digest &&
      release.samplesHash === samplesHash &&
      release.settings === target.settings,
  );
}

/** Where some of its servers are missing, those that are ready serve all of it. */
function isUp({ health, replicas }: Release): boolean {
  return health === 'ready' || (health === 'degraded' && (replicas?.ready ?? 0) > 0);
}

/** What serves already, and what around it was not as the target's configuration says by now. */
export interface ProvenAgain {
  release: Release;
  words: string;
  changes: string[];
}

/** Proves again what serves already, and brings what stands around it to what the configuration says. */
export async function proveAgain(
  target: Target,
  release: Release,
  deployment: Deployment,
  task: TaskContext,
): Promise<ProvenAgain> {
  const { words } = await prove(target, release, deployment, task);
  const changes = (await target.settle?.(release, task)) ?? [];
  if (changes.length === 0) return { release, words, changes };
  const now = (await target.list(task.signal)).find(({ id }) => id === release.id);
  return { release: now ?? release, words, changes };
}

export function wordsAgain({ release, words, changes }: ProvenAgain): string {
  return [`${releaseWords(release)} serves this already`, words, changes.join(', ')]
    .filter(Boolean)
    .join('; ');
}
