import type Docker from 'dockerode';
import { hostname, userInfo } from 'node:os';
import { createHardened, removeContainer, startContainer, whenMade } from '../../docker/containers';
import { statusOf } from '../../docker/dockerErrors';
import { inspectImage } from '../../docker/images';
import { inTime } from '../../docker/inTime';
import { labels } from '../../docker/labels';
import { takeBack } from '../../docker/takeBack';
import { pullFrom } from '../../image/registry/pullFrom';
import type { TaskContext } from '../../task';
import { networkLock, withLock } from './lock';
import { SERVER_PORT, networkName, releaseName } from './names';
import { listReleaseContainers } from './releaseContainers';
import type { Site } from './site';
import { listProxies } from './proxy';
import type { ReleaseRequest } from '../target';

/** How long an engine may take to make a network, in milliseconds. */
const NETWORK_MS = 30_000;

/** Starts the next revision of a model, reachable at a port of its own. Resolves to its container's id; when it fails nothing is left. */
export async function startCandidate(
  site: Site,
  request: ReleaseRequest,
  digest: string,
  task: TaskContext,
): Promise<string> {
  const image = digest.includes('@') ? await pullFrom(site.docker, digest, task) : digest;
  await ensureNetwork(site, image, task);
  const container = await createRevision(site, request, { digest, image }, task);
  try {
    task.signal.throwIfAborted();
    await startInNetwork(site, container, image, task);
    task.signal.throwIfAborted();
    return container.id;
  } catch (error) {
    const what = `The container of ${request.model.name}`;
    await takeBack(what, () => removeContainer(site.docker, container.id), task);
    throw error;
  }
}

/** An image by its place in a registry, where it has one, and by its id on this engine. */
interface From {
  digest: string;
  image: string;
}

/** Two deploys at the same time may want the same number: the engine gives its name to one, and the other takes the next. */
async function createRevision(
  site: Site,
  request: ReleaseRequest,
  from: From,
  task: TaskContext,
): Promise<Docker.Container> {
  for (let revision = await nextRevision(site, request.model.name, task.signal); ; revision++) {
    task.signal.throwIfAborted();
    task.report(`Starting revision ${String(revision)} of ${request.model.name}`);
    try {
      return await createContainer(site, request, from, revision, task);
    } catch (error) {
      if (statusOf(error) !== 409) throw error;
    }
  }
}

/** The number that the next revision of a model gets. */
export async function nextRevision(site: Site, model: string, signal: AbortSignal): Promise<number> {
  const [containers, proxies] = await Promise.all([
    listReleaseContainers(site.docker, { target: site.target, model }, signal),
    listProxies(site.docker, site.target, signal),
  ]);
  const promoted = proxies.find((proxy) => proxy.model === model)?.routes?.promoted ?? [];
  return Math.max(0, ...promoted, ...containers.map(({ revision }) => revision)) + 1;
}

async function createContainer(
  site: Site,
  request: ReleaseRequest,
  from: From,
  revision: number,
  task: TaskContext,
): Promise<Docker.Container> {
  const { target, publishing, memoryMiB, cpus, gpus } = site;
  const { model, note, samplesHash, commit } = request;
  const { Cmd } = (await inspectImage(site.docker, from.image, task.signal)).Config;
  const making = createHardened(site.docker, {
    name: releaseName(target, model.name, revision),
    Image: from.image,
    // The server says in its answers and metrics which revision it is.
    Cmd: [...((Cmd as string[] | null) ?? []), '--model-version', String(revision)],
    memoryMiB,
    cpus,
    gpus,
    Labels: {
      [labels.kind]: 'release',
      [labels.target]: target,
      [labels.model]: model.name,
      [labels.modelPath]: model.path,
      [labels.modelHash]: model.hash,
      [labels.revision]: String(revision),
      [labels.note]: note,
      ...(samplesHash && { [labels.samplesHash]: samplesHash }),
      ...(commit && { [labels.commit]: commit }),
      [labels.settings]: site.settings,
      ...(from.digest !== from.image && { [labels.image]: from.digest }),
      [labels.author]: author(),
      [labels.created]: new Date().toISOString(),
    },
    network: networkName(target),
    publish: { [SERVER_PORT]: { bind: publishing.bind } },
    // Until it is promoted it shall end where it can not start.
    restart: 'no',
  });
  return whenMade(site.docker, making, task);
}

/** Makes the network of a target where it does not exist yet. */
async function ensureNetwork(site: Site, digest: string, task: TaskContext): Promise<void> {
  if (await hasNetwork(site, task.signal)) return;
  // Older engines make two networks of one name when they are asked at the same time.
  await withLock(site.docker, networkLock(site, digest), task, async () => {
    if (await hasNetwork(site, task.signal)) return;
    const Name = networkName(site.target);
    const network = { Name, Labels: { [labels.target]: site.target } };
    await inTime(task.signal, () => site.docker.createNetwork(network), NETWORK_MS);
  });
}

async function hasNetwork({ docker, target }: Site, signal: AbortSignal): Promise<boolean> {
  const Name = networkName(target);
  const filters = { name: [Name] };
  const found = await inTime(signal, (abortSignal) => docker.listNetworks({ filters, abortSignal }));
  return found.some((network) => network.Name === Name);
}

/** The network may go between its making and the start, with the last release that somebody else removes. */
async function startInNetwork(
  site: Site,
  container: Docker.Container,
  digest: string,
  task: TaskContext,
): Promise<void> {
  try {
    await startContainer(container, task.signal);
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    await ensureNetwork(site, digest, task);
    await startContainer(container, task.signal);
  }
}

function author(): string {
  return `${userInfo().username}@${hostname()}`;
}
