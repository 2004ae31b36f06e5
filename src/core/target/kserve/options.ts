import type { ClusterOptions, ClusterTargetOptions, PullOptions } from '../kubernetes/options';

/**
 * What KServe calls its modes: `Knative` and `Standard` from 0.16 on, `Serverless` and `RawDeployment` before.
 * https://github.com/kserve/kserve/blob/master/pkg/constants/constants.go
 */
export type ModeName = 'Knative' | 'Serverless' | 'Standard' | 'RawDeployment';

/** A KServe target as `slipway.json` describes it. */
export interface KServeConfig extends ClusterOptions, PullOptions {
  /** What KServe makes of a model that is new to the target; default: what KServe itself is configured to. */
  mode?: ModeName;
  /** As few servers as there may be. Default 1; 0 only where KServe runs on Knative. */
  minReplicas?: number;
  /** As many servers as there may be. Default: what KServe says. */
  maxReplicas?: number;
}

export interface KServeTargetOptions extends ClusterTargetOptions {
  config: KServeConfig;
}
