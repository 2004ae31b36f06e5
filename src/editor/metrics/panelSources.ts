import type { MetricsSource } from '../../core/metrics/source';

/** How a source is found when a panel is restored, and again whenever it may have changed. */
export type ResolveSource = (id: string) => MetricsSource | undefined;

/** What is kept of a source over a reload of the window. */
export interface KnownSource {
  id: string;
  label: string;
}

/**
 * A source that is looked up each time it is needed: after a reload it may be known only later, and a restarted endpoint
 * has another address.
 * @param given stands for it as long as it has never been found
 */
export function lookedUp(
  { id, label }: KnownSource,
  resolve: ResolveSource,
  given?: MetricsSource,
): MetricsSource {
  let fallback = given;
  const find = () => {
    const found = resolve(id);
    if (found) fallback = undefined;
    return found ?? fallback;
  };
  return {
    id,
    get label() {
      return find()?.label ?? label;
    },
    url: () => find()?.url(),
    deploys: () => find()?.deploys?.() ?? [],
  };
}
