import type { Services } from '../services';

/** *Refresh*: looks anew at everything that the views show. */
export async function refresh({ models, endpoints, targets, syncTargets }: Services): Promise<void> {
  models.refresh();
  const synced = syncTargets();
  await Promise.allSettled([synced, endpoints.refresh()]);
  await targets.refresh();
  await synced;
}
