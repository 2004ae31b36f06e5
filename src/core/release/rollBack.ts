import { UserError } from '../errors';
import type { Release, Target } from '../target/target';
import type { TaskContext } from '../task';

/** Gives the traffic back to the release before the one that serves: the newest one below it that served and was kept. */
export async function rollBack(target: Target, modelName: string, task: TaskContext): Promise<Release> {
  const releases = await target.list(task.signal);
  return target.promote(releaseBefore(releases, target.name, modelName), task);
}

/** The release that a roll-back would put back. Throws `UserError` `release-missing` when there is none. */
export function releaseBefore(releases: Release[], target: string, modelName: string): Release {
  const line = releases.filter((release) => release.model.name === modelName);
  const before = findReleaseBefore(line);
  if (before) return before;
  const serving = servingIn(line);
  throw new UserError(
    'release-missing',
    serving
      ? `${modelName} on ${target} has no release before revision ${String(serving.revision)}.`
      : `${modelName} on ${target} has no release that served.`,
    'Deploy the model you want to go back to, or promote another of its releases.',
  );
}

/** As {@link releaseBefore}, among the revisions of one model; undefined when there is none. */
export function findReleaseBefore(line: readonly Release[]): Release | undefined {
  const serving = servingIn(line)?.revision ?? Infinity;
  return line
    .filter(
      ({ state, revision, health }) => state === 'retired' && revision < serving && health !== 'deleting',
    )
    .sort((a, b) => b.revision - a.revision)[0];
}

function servingIn(line: readonly Release[]): Release | undefined {
  return line.find(({ state }) => state === 'serving');
}
