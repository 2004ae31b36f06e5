import type { ServedModel } from '../endpoint/endpoint';
import type { TaskContext } from '../task';

/** `candidate` has no traffic yet; `serving` has; `retired` had it and is kept for a roll-back; `failed` did not verify. */
export type ReleaseState = 'candidate' | 'serving' | 'retired' | 'failed';

/** One revision of a model on a target, as the target knows it. */
export interface Release {
  /** Unique over all targets: `staging/iris/3`. */
  id: string;
  target: string;
  model: ServedModel;
  /** Counts up from 1 for each model on a target. */
  revision: number;
  state: ReleaseState;
  health: 'starting' | 'ready' | 'unhealthy' | 'stopped';
  /** Why it is not healthy, or why it failed. */
  detail?: string;
  /** Percent of the stable address's requests. */
  traffic: number;
  /** Digest or id of its image: `sha256:…`. */
  digest: string;
  /** What was written when it was deployed. */
  note: string;
  /** Who deployed it: `user@host`. */
  author: string;
  created: Date;
  /** Reaches this very revision; absent while it is stopped. */
  url?: string;
  /** Reaches whatever serves; the same over all revisions. Absent until the first promotion. */
  stableUrl?: string;
}

export interface ReleaseRequest {
  model: ServedModel;
  note: string;
}

/** Where releases run. Methods throw `UserError`. */
export interface Target {
  readonly name: string;
  readonly kind: 'docker';
  /** Where it is, for people: `unix:///var/run/docker.sock`. */
  readonly address: string;
  /** Throws when something that a deploy needs is missing. Changes nothing. */
  check(request: ReleaseRequest | undefined, task: TaskContext): Promise<void>;
  list(signal: AbortSignal): Promise<Release[]>;
  /** Makes the image of a model on this target (or finds it there) and resolves to its digest. */
  build(request: ReleaseRequest, task: TaskContext): Promise<string>;
  /** Starts the next revision beside the ones that run, without traffic, and resolves when the platform runs it. */
  apply(request: ReleaseRequest, digest: string, task: TaskContext): Promise<Release>;
  /** Moves all traffic of the stable address to this release, without a gap, and retires the one before it. A retired or stopped release is started first. */
  promote(release: Release, task: TaskContext): Promise<Release>;
  /** Takes a release that did not verify out of the way; `reason` is kept with it where the target can. */
  fail(release: Release, reason: string, task: TaskContext): Promise<void>;
  /** Removes a release, and the stable address with the last one. Resolves to what could not be removed, in words. */
  remove(release: Release, task: TaskContext): Promise<string[]>;
  logs(release: Release, signal: AbortSignal): AsyncIterable<string>;
  dispose(): void;
}
