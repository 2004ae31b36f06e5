import type { ClusterOptions, ClusterTargetOptions, PullOptions } from '../kubernetes/options';

/** A KServe target as `slipway.json` describes it. */
export interface KServeConfig extends ClusterOptions, PullOptions {
  /** As few servers as there may be. Default 1; 0 only where KServe runs on Knative. */
  minReplicas?: number;
  /** As many servers as there may be. Default: what KServe says. */
  maxReplicas?: number;
}

export interface KServeTargetOptions extends ClusterTargetOptions {
  config: KServeConfig;
}
