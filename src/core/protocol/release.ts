/** The messages between the page of a release and the editor. */
import * as z from 'zod';
import type { DeployStep } from '../release/deploySteps';
import type { SampleProof } from '../target/proof';
import type { Release, ReleaseState } from '../target/target';

export type { SampleProof } from '../target/proof';
export type { ReleaseState } from '../target/target';

/** What the page offers to do with a release, in the order in which it is offered. */
export const actions = [
  'finish',
  'promote',
  'setTraffic',
  'rollBack',
  'scale',
  'metrics',
  'logs',
  'compare',
  'copyLink',
  'remove',
] as const;

export type Action = (typeof actions)[number];

/** A step of the pipeline that makes a release. */
export interface Step {
  name: DeployStep;
  state: 'done' | 'current' | 'waiting' | 'failed';
}

/** Another revision of the same model on the same target. */
export interface Revision extends Pick<Release, 'id' | 'revision' | 'state' | 'health' | 'traffic' | 'note'> {
  /** Milliseconds since 1970. */
  created: number;
}

type Told =
  'revision' | 'target' | 'health' | 'detail' | 'traffic' | 'replicas' | 'note' | 'author' | 'commit';

/** All that the page shows of a release. */
export interface ReleaseFacts extends Pick<Release, Told | 'digest' | 'samplesHash' | 'url' | 'stableUrl'> {
  state: ReleaseState;
  /** Name, file and hash of its model. */
  model: { name: string; path: string; hash: string };
  /** Milliseconds since 1970. */
  created: number;
  /** What it was proven with; absent where its target does not keep it. */
  proof?: { words: string; samples: SampleProof[] };
  /** What of the target's configuration it was made with: `resources.limits.memory` and the like. */
  settings: { name: string; value: string }[];
  /** How far it has come; empty once it had all the traffic, or failed. */
  steps: Step[];
  actions: Action[];
  /** The newest first. */
  others: Revision[];
}

/** What every message says: which release it is about. */
export interface Subject {
  /** `staging/iris/3` */
  id: string;
  /** `iris r3` */
  name: string;
  target: string;
}

/** Editor to page, in answer to `ready` and whenever something else is known. Each takes the place of the one before. */
export type ToPage = Subject &
  (
    | { type: 'release'; facts: ReleaseFacts }
    /** Its target was not asked yet. */
    | { type: 'waiting' }
    /** Its target does not answer. */
    | {
        type: 'unreachable';
        why: string;
        /** What to do about it. */
        next?: string;
        /** When the target answered last, in milliseconds since 1970; absent when it did not since the editor started. */
        answered?: number;
      }
    /** Its target does not have it any more. */
    | { type: 'gone'; newest?: { id: string; name: string } }
  );

/** Page to editor. */
export const fromPage = z.discriminatedUnion('type', [
  /** Once, when the page can take messages. */
  z.strictObject({ type: z.literal('ready') }),
  /** Something in the page threw; it goes to the log. */
  z.strictObject({ type: z.literal('failed'), message: z.string().max(2000) }),
  /** The person wants the target to be asked again, now. It is answered, also when nothing changed. */
  z.strictObject({ type: z.literal('retry') }),
  /** The person pressed a button. */
  z.strictObject({ type: z.literal('run'), action: z.enum(actions) }),
  /** The person wants an address on the clipboard, also one that was known last. */
  z.strictObject({ type: z.literal('copyUrl'), url: z.url({ protocol: /^https?$/ }).max(2000) }),
  /** The person wants to see another release. */
  z.strictObject({ type: z.literal('open'), id: z.string().max(500) }),
]);

export type FromPage = z.infer<typeof fromPage>;

/** What the editor needs of what the page keeps with `setState`, to restore a panel after a reload. */
export const viewState = z.object({ id: z.string() });
