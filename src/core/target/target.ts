import type { ServedModel } from '../endpoint/endpoint';
import type { Built } from '../image/buildImages';
import type { TaskContext } from '../task';
import type { SampleProof } from './proof';

/**
 * `candidate` has no traffic yet; `serving` has all of it, or the part that a canary leaves; `canary` has a part of it for a trial;
 * `retired` had it and is kept for a roll-back; `failed` ended by itself before it had any.
 */
export type ReleaseState = 'candidate' | 'canary' | 'serving' | 'retired' | 'failed';

export type ReleaseHealth =
  /** Does not predict yet. */
  | 'starting'
  /** Predicts. */
  | 'ready'
  /** Was ready, and is not all that it shall be: some of its servers are missing, or its server ends again and again. */
  | 'degraded'
  /** Runs, but does not predict. */
  | 'unhealthy'
  | 'stopped'
  /** Somebody removed it, and it is not gone yet. */
  | 'deleting'
  /** Its target can not say how it is, or whether it still has it. No target answers this of its own. */
  | 'unknown';

export type TargetKind = 'docker' | 'kubernetes' | 'kserve';

/** What a release is known by beside its model: written when it is deployed, and read back from the target. */
export interface ReleaseNotes {
  /** What was written when it was deployed. */
  note: string;
  /** SHA-256 over the samples that prove it, hexadecimal; absent when there are none. */
  samplesHash?: string;
  /** Commit of the workspace that it was deployed from, hexadecimal, with `+` behind it when files had changed since. */
  commit?: string;
}

/** Between how many servers of a release run, as their load asks; without `max` as many as it takes. */
export interface ReplicaRange {
  min: number;
  max?: number;
}

/** One revision of a model on a target, as the target knows it. */
export interface Release extends ReleaseNotes {
  /** Unique over all targets: `staging/iris/3`. */
  id: string;
  target: string;
  model: ServedModel;
  /** Counts up from 1 for each model on a target. */
  revision: number;
  state: ReleaseState;
  health: ReleaseHealth;
  /** Why it is not healthy, or why it failed. */
  detail?: string;
  /** Percent of the stable address's requests. */
  traffic: number;
  /** It gets all of the traffic or none where it is, although its target has {@link Target.setTraffic}. */
  undivided?: boolean;
  /** Where the target runs several servers of a release: how many are ready, how many it shall have, and what their load may make of that. */
  replicas?: { ready: number; wanted: number; range?: ReplicaRange };
  /** Its image: an id (`sha256:…`), or its place in a registry with its digest (`registry/name@sha256:…`). */
  digest: string;
  /** What was proven before it got its traffic, in words: `3 of 3 samples pass`; absent where the target does not keep it. */
  proof?: string;
  /** The samples that it was proven with; absent where the target does not keep them. */
  proofSamples?: SampleProof[];
  /** What of the target's configuration it was made with, as {@link Target.settings}; absent when it does not say. */
  settings?: string;
  /** Who deployed it: `user@host`. */
  author: string;
  created: Date;
  /** Reaches this very revision from here; absent while it is stopped. */
  url?: string;
  /** Reaches whatever serves; the same over all revisions. Absent until the first promotion. */
  stableUrl?: string;
}

export interface ReleaseRequest extends ReleaseNotes {
  model: ServedModel;
}

/** How a target stands, when nothing hinders a deploy. */
export interface Standing {
  /** As whom we are known to it; absent where it does not ask. */
  identity?: string;
  /** Until when what we are known by holds. */
  expires?: Date;
  /** What hinders nothing yet, in sentences. */
  warnings: string[];
}

/** A part of what a deploy would do. */
export interface Change {
  action: 'create' | 'change' | 'remove';
  /** In words: `container slipway-staging-iris-4 from revision 4 of iris`. */
  what: string;
  /** What would be different, as lines that begin with `+`, `-` or a blank. */
  diff?: string;
}

/** How a deploy is written down: objects alone, with a kustomization over them, or as a Helm chart. */
export const manifestFormats = ['yaml', 'kustomize', 'helm'] as const;
export type ManifestFormat = (typeof manifestFormats)[number];

/** Where releases run. Methods throw `UserError`. What a target can not do at all, it has no method for. */
export interface Target {
  readonly name: string;
  readonly kind: TargetKind;
  /** Where it is, for people: `unix:///var/run/docker.sock`. */
  readonly address: string;
  /** What of its configuration shapes a release, as JSON: another one makes another release of the same model. */
  readonly settings?: string;
  /** Throws when something that a deploy needs is missing. Changes nothing. */
  check(request: ReleaseRequest | undefined, task: TaskContext): Promise<Standing>;
  /** What a deploy of this would change beside traffic. Changes nothing, builds nothing. */
  plan(request: ReleaseRequest, task: TaskContext): Promise<Change[]>;
  /** All revisions that are on it, whoever deployed them. */
  list(signal: AbortSignal): Promise<Release[]>;
  /**
   * Calls `changed` whenever what {@link list} answers may be different, until `signal` aborts; it outlasts connections that are cut.
   * Ends before where the target does not let itself be watched.
   */
  watch?(changed: () => void, signal: AbortSignal): Promise<void>;
  /** Makes the images of a model (or finds them), where an engine can hold them, and resolves to their ids: several only where there is `push`. */
  build(request: ReleaseRequest, task: TaskContext): Promise<Built>;
  /** Brings the images to the registry that the target takes them from, under one name. Resolves to its place there: `registry/name@sha256:…`. */
  push?(request: ReleaseRequest, built: Built, task: TaskContext): Promise<string>;
  /** Starts the next revision beside the ones that run, without traffic, and resolves when the platform runs it. */
  apply(request: ReleaseRequest, digest: string, task: TaskContext): Promise<Release>;
  /**
   * Moves all traffic of the stable address to this release, without a gap, and retires the one before it. A retired or stopped release is started first.
   * `proof` (see `proofText`) is kept with it where the target can.
   */
  promote(release: Release, task: TaskContext, proof?: string): Promise<Release>;
  /**
   * Brings what the configuration asks for beside the release that serves, such as its address from outside, to what it says by now, without
   * a new release and without a change of the traffic. Resolves to what it changed, in words.
   */
  settle?(release: Release, task: TaskContext): Promise<string[]>;
  /** Gives a running release a part of the traffic (percent, above 0 and below 100), without a gap; the rest stays with the one that serves. 0 takes the part back. */
  setTraffic?(release: Release, percent: number, task: TaskContext): Promise<Release>;
  /**
   * Sets how many servers of a release run, where they are more than one can be. Where their load decides it, it sets the fewest, and raises
   * the most where that is less. Says in words what it did.
   */
  scale?(release: Release, replicas: number, task: TaskContext): Promise<Release>;
  /** Takes a release that did not verify out of the way; `reason` is kept with it where the target can. */
  fail(release: Release, reason: string, task: TaskContext): Promise<void>;
  /** Removes a release, and the stable address with the last one. Resolves to what could not be removed, in words. */
  remove(release: Release, task: TaskContext): Promise<string[]>;
  logs(release: Release, signal: AbortSignal): AsyncIterable<string>;
  /** What a deploy would apply, as files for people who deploy with Git: text by path. */
  manifests?(
    request: ReleaseRequest,
    digest: string,
    format: ManifestFormat,
  ): Promise<Record<string, string>>;
  dispose(): void;
}
