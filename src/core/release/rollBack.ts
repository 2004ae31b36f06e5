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
  const ofModel = releases.filter((release) => release.model.name === modelName);
  const serving = ofModel.find((release) => release.state === 'serving');
  const before = ofModel
    .filter((release) => release.state === 'retired' && release.revision < (serving?.revision ?? Infinity))
    .sort((a, b) => b.revision - a.revision)[0];
  if (before) return before;
  throw new UserError(
    'release-missing',
    serving
      ? `${modelName} on ${target} has no release before revision ${String(serving.revision)}.`
      : `${modelName} on ${target} has no release that served.`,
    'Deploy the model you want to go back to, or promote another of its releases.',
  );
}
