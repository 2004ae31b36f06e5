import type Docker from 'dockerode';
import { inTime } from '../../docker/inTime';
import type { TaskContext } from '../../task';
import { modelLock, withLock } from './lock';
import { listReleaseContainers, type ReleaseContainer } from './releaseContainers';
import { removeImage, removeRelease } from './removal';
import { trafficOf } from './routes';
import type { Site } from './site';
import { proxyOf } from './proxy';

/** How many retired releases of a model are kept for a roll-back. */
const KEPT = 3;
/** How long a server has to finish what it was asked, in seconds. */
const STOP_SECONDS = 35;

/**
 * After a promotion: stops the `idle` releases that are still without traffic, and removes those that are too old to be kept.
 * Resolves to what could not be removed, in words.
 */
export function retire(
  site: Site,
  promoted: ReleaseContainer,
  idle: number[],
  task: TaskContext,
): Promise<string[]> {
  return withLock(site.docker, modelLock(site, promoted), task, async () => {
    const of = { target: site.target, model: promoted.model.name };
    const routes = (await proxyOf(site.docker, of, task.signal))?.routes;
    const retired = (await listReleaseContainers(site.docker, of, task.signal))
      .filter(({ revision }) => routes?.promoted.includes(revision) && trafficOf(routes, revision) === 0)
      .sort((a, b) => b.revision - a.revision);
    const running = retired.filter((container) => container.running && idle.includes(container.revision));
    await Promise.all(running.map(({ id }) => stopForGood(site.docker.getContainer(id), task.signal)));

    const old = retired.slice(KEPT).filter((container) => !container.running || running.includes(container));
    const left: string[] = [];
    for (const container of old) {
      left.push(
        ...(await removeRelease(site, container, task.signal)),
        ...(await removeImage(site, container, task.signal)),
      );
    }
    return left;
  });
}

/** An engine that is started brings back what it always starts again, though somebody has stopped it. */
export async function stopForGood(container: Docker.Container, signal: AbortSignal): Promise<void> {
  await inTime(signal, () => container.update({ RestartPolicy: { Name: 'no' } }));
  await inTime(signal, () => container.stop({ t: STOP_SECONDS }), (STOP_SECONDS + 10) * 1000);
}
