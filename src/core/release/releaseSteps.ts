import type { Step } from '../protocol/release';
import type { Release, Target } from '../target/target';
import { stepsFor, type DeployStep } from './deploySteps';

/** How far the making of a release has come, as its target tells; empty once it had all the traffic, or failed. */
export function releaseSteps(release: Release, target: Pick<Target, 'push'>): Step[] {
  const at = stepOf(release);
  if (!at) return [];
  const names = stepsFor(target);
  const now = names.indexOf(at.name);
  return names.map((name, index) => ({
    name,
    state: index < now ? 'done' : index === now ? at.state : 'waiting',
  }));
}

function stepOf({ state, health }: Release): { name: DeployStep; state: Step['state'] } | undefined {
  if (state === 'canary') return { name: 'traffic', state: 'current' };
  if (state !== 'candidate' || health === 'deleting') return undefined;
  if (health === 'ready') return { name: 'verify', state: 'current' };
  return { name: 'candidate', state: health === 'starting' ? 'current' : 'failed' };
}
