/** The messages between the metrics page and the editor. */
import * as z from 'zod';
import type { Block, SourceState } from '../metrics/fields';

export type { Block, Field, LatencyKind, SourceState } from '../metrics/fields';

/** What the page shows of one source. */
export interface PageSource extends SourceState {
  id: string;
  label: string;
  deploys: { at: number; label: string }[];
}

/**
 * Editor to page, in answer to `ready`: everything there is to know.
 * It takes the place of all that the page had.
 */
export interface Snapshot {
  type: 'snapshot';
  /** The second up to which there may be values. */
  now: number;
  sources: (PageSource & { block?: Block })[];
}

/** Editor to page, at most once a second while the page is visible: what is new since the message before. */
export interface Update {
  type: 'update';
  now: number;
  sources: (PageSource & { block?: Block })[];
}

export type ToPage = Snapshot | Update;

/** Page to editor. */
export const fromPage = z.discriminatedUnion('type', [
  /** Once, when the page can take messages. */
  z.strictObject({ type: z.literal('ready') }),
  /** Something in the page threw; it goes to the log. */
  z.strictObject({ type: z.literal('failed'), message: z.string().max(2000) }),
]);

export type FromPage = z.infer<typeof fromPage>;

/** How wide the time axis may be, in minutes. */
export const windows = [1, 5, 15, 60] as const;

/** What the page keeps with `setState`, and the editor gets back when it restores a panel after a reload. */
export const viewState = z.object({
  sources: z
    .array(z.object({ id: z.string(), label: z.string() }))
    .min(1)
    .max(50),
  /** Minutes. */
  window: z.literal(windows).default(5),
  /** The second at which the page was paused; absent while it runs. */
  pausedAt: z.number().optional(),
  /** Ids of the sources that are not shown. */
  hidden: z.array(z.string()).default([]),
});

export type ViewState = z.infer<typeof viewState>;
