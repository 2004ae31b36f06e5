import type { TargetConfig } from '../../config/config';
import { githubWorkflow } from './github';
import { gitlabPath, gitlabWorkflow } from './gitlab';

/** Which CI system a workflow is for. */
export type CiSystem = 'github' | 'gitlab';

export interface WorkflowOptions {
  /** Name of the model in `slipway.json`, and of the target. */
  model: string;
  target: string;
  /** The target as `slipway.json` describes it: it decides what the job needs. */
  targetConfig: TargetConfig;
  /** Whether the model is one of Python, which is loaded in a container also where it is only tested. */
  python: boolean;
  /** Patterns of the files whose change concerns the model, relative to the repository. */
  paths: string[];
  /** What sets a deploy off: a push to this branch, or any tag. */
  on: { branch: string } | 'tags';
  /** The version of Slipway that writes it. */
  version: string;
  /** Folder of `slipway.json` in the repository; `.` for its root. */
  folder: string;
}

/** Where a workflow's file goes, relative to the repository. */
export function workflowPath(system: CiSystem, model: string): string {
  return system === 'github' ? `.github/workflows/slipway-${model}.yml` : gitlabPath(model);
}

/** A CI workflow that tests a model on each change, and deploys it. It names secrets, and holds none. */
export function workflowText(system: CiSystem, options: WorkflowOptions): string {
  return system === 'github' ? githubWorkflow(options) : gitlabWorkflow(options);
}
