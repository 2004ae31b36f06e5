import type { ReleaseFacts } from '../../src/core/protocol/release';

/** Raised when {@link Kept} changes: what another version of the page has kept is of no use. */
const version = 1;

/** What the page keeps over a reload of the window: for which release it is, and what was known last. */
export interface Kept {
  id: string;
  version: number;
  facts?: ReleaseFacts;
  /** When the facts came, in milliseconds since 1970. */
  at?: number;
}

export function keep(id: string, facts?: ReleaseFacts, at?: number): Kept {
  return { id, version, facts, at };
}

/** What was kept of this release; empty when it is of another, or of another version. */
export function recall(kept: Kept | undefined, id: string): Pick<Kept, 'facts' | 'at'> {
  return kept?.id === id && kept.version === version ? { facts: kept.facts, at: kept.at } : {};
}
