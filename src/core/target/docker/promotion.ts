import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../errors';
import type { TaskContext } from '../../task';
import { startContainer } from '../../docker/containers';
import { inTime } from '../../docker/inTime';
import { unlessAborted } from '../../unlessAborted';
import { modelLock, withLock, type StillHeld } from './lock';
import { holderOf, portTaken, urlOf } from './ports';
import { listReleaseContainers, readReleaseContainer, type ReleaseContainer } from './releaseContainers';
import { routeAllTo, routePartTo, trafficOf, type Routes } from './routes';
import type { Site } from './site';
import { proxyOf, removeProxy, type Proxy } from './proxy';
import { stopForGood } from './retirement';
import { createAddress } from './createAddress';
import { switchRoutes, untilDrained } from './switchRoutes';
import { untilReady } from '../untilReady';

/** A retired release that runs for longer than this was forgotten, not started for a promotion. In milliseconds. */
const FORGOTTEN_MS = 180_000;
/** How often a release is started that others stop at the same time. */
const TRIES = 3;
/** How long stopping what was started in vain may take, and how long that is waited for, in milliseconds. It can not be cancelled. */
const STOP_MS = 120_000;
const PATIENCE_MS = 3_000;
/** How long putting things back may take, in milliseconds. */
const RESTORE_MS = 20_000;
/** How long closing an address may take, in milliseconds. It can not be cancelled. */
const REMOVE_MS = 60_000;

/** What a switch of traffic leaves behind. */
export interface Switched {
  /** Revisions that run without traffic; they may still answer what they were asked before. */
  idle: number[];
  /** Resolves when nobody waits for an answer of theirs any more. */
  drained(): Promise<void>;
}

/** Gives a model's traffic to one release, which is started first where it was stopped. Throws with everything as it was. */
export async function promote(
  site: Site,
  release: ReleaseContainer,
  task: TaskContext,
  proof?: string,
): Promise<Switched> {
  const container = site.docker.getContainer(release.id);
  const attempt = async () => {
    await untilPredicts(site, release, task);
    return withLock(site.docker, modelLock(site, release), task, async (stillHeld) => {
      await assertRuns(site, release, task.signal);
      await unlessAborted(container.update({ RestartPolicy: { Name: site.restart } }), task.signal);
      const reroute = (routes: Routes) => routeAllTo(routes, release.revision, proof);
      return switchTraffic(site, release, reroute, task, stillHeld);
    });
  };
  let started: boolean = false;
  try {
    for (let tried = 1; ; tried++) {
      // Another promotion may have retired it a moment ago.
      if (tried > 1 || !release.running) {
        const before: boolean = started;
        // Cancelled, the engine may start it still.
        started = true;
        started = (await startContainer(container, task.signal)) || before;
      }
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof Stopped) || tried === TRIES) throw error;
      }
    }
  } catch (error) {
    if (started) await stopSoon(site, release, task);
    throw error;
  }
}

/** Stops what was started in vain. Where another deploy has the lock, it is not waited for. */
async function stopSoon(site: Site, release: ReleaseContainer, task: TaskContext): Promise<void> {
  const stop = (signal: AbortSignal) => stopUnrouted(site, release, { ...task, signal });
  const stopped = inTime(new AbortController().signal, stop, STOP_MS).catch(() => undefined);
  await Promise.race([stopped, sleep(PATIENCE_MS)]);
}

/** Stops a release unless it has traffic: by another promotion, or because this one failed after it had moved it. */
function stopUnrouted(site: Site, release: ReleaseContainer, task: TaskContext): Promise<void> {
  return withLock(site.docker, modelLock(site, release), task, async () => {
    const of = { target: site.target, model: release.model.name };
    const routes = (await proxyOf(site.docker, of, task.signal))?.routes;
    if (trafficOf(routes, release.revision) > 0) return;
    await stopForGood(site.docker.getContainer(release.id), task.signal);
  });
}

/** A release has no server that could be given traffic, because somebody has stopped it. */
class Stopped extends UserError {}

async function assertRuns(
  site: Site,
  release: ReleaseContainer,
  signal: AbortSignal,
): Promise<ReleaseContainer> {
  const name = nameOf(release);
  const now = await readReleaseContainer(site.docker, release.id, signal);
  if (!now) throw new UserError('release-missing', `${name} was removed from ${site.target} just now.`);
  if (now.running) return now;
  const why = now.ended === undefined ? 'It was stopped.' : `It ended with ${now.ended}.`;
  const Kind = now.crashed ? UserError : Stopped;
  throw new Kind('endpoint-not-ready', `${name} does not run. ${why}`, 'Look at its log for the reason.');
}

async function untilPredicts(site: Site, release: ReleaseContainer, task: TaskContext): Promise<void> {
  const name = nameOf(release);
  task.report(`Waiting until ${name} is ready`);
  const { port } = await assertRuns(site, release, task.signal);
  const url = port === undefined ? undefined : await urlOf(site.publishing, port);
  await untilReady({ name, url }, task.signal, async () => {
    await assertRuns(site, release, task.signal);
    return undefined;
  });
}

/** Gives a running release a part of the traffic, in percent; the rest stays with the one that serves. */
export function moveTraffic(
  site: Site,
  release: ReleaseContainer,
  percent: number,
  task: TaskContext,
): Promise<Switched> {
  return withLock(site.docker, modelLock(site, release), task, async (stillHeld) => {
    if (percent > 0) await assertRuns(site, release, task.signal);
    const reroute = (routes: Routes) => routePartTo(routes, release.revision, percent);
    return switchTraffic(site, release, reroute, task, stillHeld);
  });
}

function nameOf({ revision, model }: ReleaseContainer): string {
  return `Revision ${String(revision)} of ${model.name}`;
}

async function switchTraffic(
  site: Site,
  to: ReleaseContainer,
  reroute: (routes: Routes) => Routes,
  task: TaskContext,
  stillHeld: StillHeld,
): Promise<Switched> {
  const of = { target: site.target, model: to.model.name };
  const proxy = await proxyOf(site.docker, of, task.signal);
  const before = proxy?.routes ?? { ...of, weights: [], promoted: [] };
  const after = reroute(before);
  task.report(`Moving traffic to revision ${String(to.revision)}`);
  const drained = await putInPlace(site, proxy, after, task, stillHeld);
  // The traffic has moved: what is not found now is stopped by the next promotion.
  const containers = await inTime(new AbortController().signal, (limit) =>
    listReleaseContainers(site.docker, of, limit),
  ).catch(() => []);
  const idle = containers.filter(
    ({ revision, running, started }) =>
      running &&
      after.promoted.includes(revision) &&
      trafficOf(after, revision) === 0 &&
      (trafficOf(before, revision) > 0 || Date.now() - started.getTime() > FORGOTTEN_MS),
  );
  return { idle: idle.map(({ revision }) => revision), drained };
}

/** Makes the stable address work by routes, at the configured port. Resolves to what waits until the old ones are drained. */
async function putInPlace(
  site: Site,
  proxy: Proxy | undefined,
  routes: Routes,
  task: TaskContext,
  stillHeld: StillHeld,
): Promise<Switched['drained']> {
  const { docker, publishing } = site;
  const port = site.ports[routes.model];
  if (proxy && (port === undefined || proxy.port === port)) {
    const workers = await switchRoutes(docker, proxy, routes, publishing, stillHeld, task.signal);
    return () => untilDrained(docker, proxy, workers);
  }
  if (proxy && port !== undefined) await moveAddress(site, proxy, routes, port, task);
  else await createAddress(site, routes, port, task);
  return () => Promise.resolve();
}

/** The configured port changed: clients have to follow, so the old address is closed. */
async function moveAddress(
  site: Site,
  proxy: Proxy,
  routes: Routes,
  port: number,
  task: TaskContext,
): Promise<void> {
  const holder = await holderOf(site.docker, site.publishing, port, task.signal);
  if (holder) throw portTaken(routes, port, holder);
  task.report(`Moving the stable address from port ${String(proxy.port)} to ${String(port)}`);
  await inTime(new AbortController().signal, () => removeProxy(site.docker, proxy), REMOVE_MS);
  try {
    await createAddress(site, routes, port, task);
  } catch (error) {
    const restore = { ...task, signal: AbortSignal.timeout(RESTORE_MS) };
    if (proxy.routes) await createAddress(site, proxy.routes, proxy.port, restore);
    throw error;
  }
}
