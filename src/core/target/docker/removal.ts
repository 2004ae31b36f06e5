import { removeContainer } from '../../docker/containers';
import { statusOf } from '../../docker/dockerErrors';
import { inTime } from '../../docker/inTime';
import { labels } from '../../docker/labels';
import { UserError, messageOf } from '../../errors';
import type { TaskContext } from '../../task';
import { modelLock, withLock } from './lock';
import { networkName } from './names';
import { listReleaseContainers, type ReleaseContainer } from './releaseContainers';
import type { Site } from './site';
import { listProxies, proxyOf, removeProxy } from './proxy';
import { trafficOf } from './routes';

/** How long an engine may take to remove something, in milliseconds. */
const REMOVE_MS = 60_000;

/**
 * Removes a release with its image; with the last one of a model also the stable address, with the last one of the target its network.
 * Where others are left, the address of one that served answers 503 until another is promoted. Resolves to what could not be removed, in words.
 * @throws UserError `engine-refused` where it has traffic, and shall be removed `onlyWithoutTraffic`
 */
export async function remove(
  site: Site,
  release: ReleaseContainer,
  task: TaskContext,
  onlyWithoutTraffic = false,
): Promise<string[]> {
  const left = await withLock(site.docker, modelLock(site, release), task, async () => {
    if (onlyWithoutTraffic) await assertUnrouted(site, release, task.signal);
    return removeRelease(site, release, task.signal);
  });
  left.push(...(await removeImage(site, release, task.signal)));
  left.push(...(await removeUnneeded(site, release.model.name, task.signal)));
  return left;
}

async function assertUnrouted(
  site: Site,
  { model, revision }: ReleaseContainer,
  signal: AbortSignal,
): Promise<void> {
  const proxy = await proxyOf(site.docker, { target: site.target, model: model.name }, signal);
  if (trafficOf(proxy?.routes, revision) === 0) return;
  throw new UserError(
    'engine-refused',
    `By now revision ${String(revision)} of ${model.name} serves, so it stays.`,
  );
}

/** Removes a release's container. Resolves to what is left, in words. */
export function removeRelease(
  { docker }: Site,
  { id, model, revision }: ReleaseContainer,
  signal: AbortSignal,
): Promise<string[]> {
  const what = `The container of revision ${String(revision)} of ${model.name}`;
  return attempt(what, () => removeContainer(docker, id), signal);
}

/** Removes a release's image, and its name in a registry, unless something else needs it. Resolves to what is left, in words. */
export async function removeImage(
  { docker }: Site,
  { digest, image, model, revision }: ReleaseContainer,
  signal: AbortSignal,
): Promise<string[]> {
  const what = `The image of revision ${String(revision)} of ${model.name}`;
  const left: string[] = [];
  for (const name of new Set([digest, image])) {
    left.push(...(await attempt(what, () => docker.getImage(name).remove(), signal, [404, 409])));
  }
  return left;
}

/** Removes the proxy of a model without releases, and the network of a target without containers. Resolves to what is left, in words. */
export async function removeUnneeded(site: Site, model: string, signal: AbortSignal): Promise<string[]> {
  const { docker, target } = site;
  if ((await listReleaseContainers(docker, { target, model }, signal)).length > 0) return [];
  const left: string[] = [];
  for (const proxy of await listProxies(docker, target, signal)) {
    if (proxy.model !== model) continue;
    left.push(...(await attempt(`The proxy of ${model}`, () => removeProxy(docker, proxy), signal)));
  }
  const others = await docker.listContainers({
    all: true,
    filters: { label: [`${labels.target}=${target}`] },
    abortSignal: signal,
  });
  if (others.length > 0) return left;
  const name = networkName(target);
  left.push(...(await attempt(`The network ${name}`, () => docker.getNetwork(name).remove(), signal)));
  return left;
}

/** What is left when `work` fails; an answer with a status of `fine` is no failure (404: gone already). */
async function attempt(
  what: string,
  work: () => Promise<unknown>,
  signal: AbortSignal,
  fine = [404],
): Promise<string[]> {
  try {
    await inTime(signal, work, REMOVE_MS);
    return [];
  } catch (error) {
    signal.throwIfAborted();
    if (fine.includes(statusOf(error) ?? 0)) return [];
    return [`${what} could not be removed: ${messageOf(error)}`];
  }
}
