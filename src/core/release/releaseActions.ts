import type { Action } from '../protocol/release';
import { actions } from '../protocol/release';
import type { Release, ReleaseHealth, Target } from '../target/target';
import { findReleaseBefore } from './rollBack';

type Able = Pick<Target, 'setTraffic' | 'scale'>;

/**
 * What can be done with a release as it is now, on a target that can do so much.
 * @param line all revisions of its model on that target
 */
export function releaseActions(release: Release, line: readonly Release[], target: Able): Action[] {
  const { state, url, health } = release;
  const isMade = state === 'candidate' || state === 'canary';
  const can: Record<Action, boolean> = {
    finish: isMade && url !== undefined,
    promote: state !== 'serving',
    setTraffic: state !== 'serving' && state !== 'failed' && url !== undefined && canShare(release, target),
    rollBack: state === 'serving' && findReleaseBefore(line) !== undefined,
    scale: !!target.scale,
    metrics: url !== undefined,
    logs: true,
    compare: line.some(({ id }) => id !== release.id),
    copyLink: true,
    remove: true,
  };
  const stays = ['logs', 'compare', 'copyLink'];
  return actions.filter((action) => can[action] && (changeable(health) || stays.includes(action)));
}

/** Whether anything can be done to a release: it is there, and not on its way out. */
export function changeable(health: ReleaseHealth): boolean {
  return health !== 'deleting' && health !== 'unknown';
}

/** Whether a release can have a part of the traffic where it is. */
export function canShare({ undivided = false }: Release, target: Pick<Target, 'setTraffic'>): boolean {
  return target.setTraffic !== undefined && !undivided;
}
