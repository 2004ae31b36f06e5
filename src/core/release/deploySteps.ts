import type { Target } from '../target/target';

/** The pipeline, in order. */
export const deploySteps = ['check', 'build', 'push', 'candidate', 'verify', 'traffic'] as const;
export type DeployStep = (typeof deploySteps)[number];

/** The steps that a deploy to this target has. */
export function stepsFor(target: Pick<Target, 'push'>): DeployStep[] {
  return deploySteps.filter((step) => step !== 'push' || target.push !== undefined);
}
