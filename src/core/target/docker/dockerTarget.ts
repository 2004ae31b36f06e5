import { certificatesFor, connect, engineAddress, engineForward, engineHostName } from '../../docker/connect';
import type { Certificates } from '../../docker/engineLocation';
import { followLogs, removeContainer } from '../../docker/containers';
import { inWords } from '../../docker/dockerErrors';
import { followEvents } from '../../docker/followEvents';
import { ensureImage } from '../../docker/images';
import { inTime } from '../../docker/inTime';
import { labels } from '../../docker/labels';
import { takeBack } from '../../docker/takeBack';
import { UserError, messageOf } from '../../errors';
import type { Platform } from '../../image/baseImage';
import { buildImages, type Built } from '../../image/buildImages';
import { removeAbandoned } from '../../image/buildNotes';
import { checkDisk } from '../../image/checkDisk';
import { checkRegistry, publish } from '../../image/registry/publish';
import type { Logger } from '../../logger';
import type { TaskContext } from '../../task';
import { unlessAborted } from '../../unlessAborted';
import { startCandidate } from './candidate';
import { checkGpus } from './checkGpus';
import { checkPlatforms } from './checkPlatforms';
import { checkPort } from './checkPort';
import { checkReachable, reachableHost, urlOf } from './ports';
import { moveTraffic, promote, type Switched } from './promotion';
import { listReleaseContainers, readReleaseContainer, type ReleaseContainer } from './releaseContainers';
import { toRelease, toServing } from './releaseState';
import { remove, removeUnneeded } from './removal';
import { retire } from './retirement';
import type { Site } from './site';
import { standingOf } from './standing';
import { listProxies, proxyOf, type Proxy } from './proxy';
import { planOn } from './plan';
import type { Change, Release, ReleaseRequest, Standing, Target } from '../target';

/** How long a look at what was just done may take, in milliseconds. It can not be cancelled, because what was done stays done. */
const AFTERWARDS_MS = 10_000;

/** How long stopping the release before may take, in milliseconds: a lock that is held for longer counts as left behind. */
const RETIRE_MS = 55_000;

export interface DockerTargetOptions {
  /** Address of the engine as in the setting; empty for `DOCKER_HOST` or the usual socket. */
  host: string;
  /** For an engine that speaks TLS: what it is shown, read when it is first needed. Default: Docker's own. */
  certificates?: () => Certificates;
  /** Address on the engine's machine where ports are published: `127.0.0.1`. */
  bind: string;
  /** Stable ports by model name; a model without one gets a free port. */
  ports: Record<string, number>;
  /** Memory limit of a release, in MiB; undefined for none. */
  memoryMiB?: number;
  /** How many processors a release may use; undefined for all. */
  cpus?: number;
  /** Graphics processors that a release may use; undefined for none. */
  gpus?: number | 'all';
  /** Whether the engine starts a release that serves again when it ends. Default: `unless-stopped`. */
  restart?: Site['restart'];
  /** Where images go and come from, as `ghcr.io/ada/models`; undefined where they go straight to the engine. */
  registry?: string;
  /** The machines that images are made for; default: those of the base image that the engine has. */
  platforms?: Platform[];
  /** Image of the proxy that holds the stable addresses. */
  proxyImage: string;
  /** Image that runtime images are built on. */
  nodeBase: string;
  /** Image that images for models of Python are built on. */
  pythonBase: string;
  /** The folder with the server's bundle. */
  dist: string;
  /** Slipway's version. */
  version: string;
}

/** A Docker engine that runs releases, each model behind a proxy that holds its stable port. */
export class DockerTarget implements Target {
  readonly kind = 'docker';
  readonly address: string;
  readonly settings: string;
  readonly push: Target['push'];
  #connected: Site | undefined;

  constructor(
    readonly name: string,
    private readonly options: DockerTargetOptions,
    private readonly log: Logger,
  ) {
    this.address = engineAddress(options.host);
    const { bind, memoryMiB, cpus, gpus, restart, registry } = options;
    if (registry) {
      this.push = (request, ids, task) =>
        this.#doing(`push ${request.model.name}`, task.signal, () =>
          publish(this.#site.docker, registry, request, ids, task),
        );
    }
    this.settings = JSON.stringify({ bind, memoryMiB, cpus, gpus, restart });
  }

  check(request: ReleaseRequest | undefined, task: TaskContext): Promise<Standing> {
    return this.#doing('look at the engine', task.signal, async () => {
      const standing = this.#standing();
      checkReachable(this.name, this.#site.publishing);
      await inTime(task.signal, (abortSignal) => this.#site.docker.listContainers({ limit: 1, abortSignal }));
      if (!request) return standing;
      const { name } = request.model;
      await checkPort(this.#site, name, task.signal);
      await checkGpus(this.#site, task.signal);
      const { host, registry, platforms } = this.options;
      await checkPlatforms(this.#site, platforms, task.signal);
      await checkDisk(this.#site.docker, host, request.model, task.signal);
      if (registry) await checkRegistry(this.#site.docker, registry, name, task.signal);
      return standing;
    });
  }

  plan(request: ReleaseRequest, task: TaskContext): Promise<Change[]> {
    return this.#doing('plan a deploy', task.signal, () =>
      inTime(task.signal, (limit) => planOn(this.#site, request, limit)),
    );
  }

  list(signal: AbortSignal): Promise<Release[]> {
    return this.#doing('list the releases', signal, async () => {
      const { docker } = this.#site;
      const [containers, proxies] = await inTime(signal, (limit) =>
        Promise.all([
          listReleaseContainers(docker, { target: this.name }, limit),
          listProxies(docker, this.name, limit),
        ]),
      );
      return Promise.all(containers.map((container) => this.#describe(container, proxies, signal)));
    });
  }

  watch(changed: () => void, signal: AbortSignal): Promise<void> {
    return this.#doing('watch the releases', signal, async () => {
      const { docker } = this.#site;
      void removeAbandoned(docker, signal, (words) => this.log.debug(words));
      await followEvents(docker, `${labels.target}=${this.name}`, changed, signal);
    });
  }

  build(request: ReleaseRequest, task: TaskContext): Promise<Built> {
    return this.#doing(`build the image of ${request.model.name}`, task.signal, async () => {
      const { docker, proxyImage } = this.#site;
      // Needed only to promote, but what can not be had is better known before anything starts.
      await ensureImage(docker, proxyImage, 'slipway.image.proxy', task);
      return buildImages(docker, this.options, request.model, task);
    });
  }

  apply(request: ReleaseRequest, digest: string, task: TaskContext): Promise<Release> {
    return this.#doing(`start ${request.model.name}`, task.signal, async () => {
      try {
        const id = await startCandidate(this.#site, request, digest, task);
        return await this.#readCandidate(id, request, task);
      } catch (error) {
        const { name } = request.model;
        const unneeded = (signal: AbortSignal) => removeUnneeded(this.#site, name, signal);
        await takeBack(`What ${name} does not need`, unneeded, task);
        throw error;
      }
    });
  }

  promote(release: Release, task: TaskContext, proof?: string): Promise<Release> {
    return this.#doing(`promote ${words(release)}`, task.signal, async () => {
      const container = await this.#find(release, task.signal);
      const switched = await promote(this.#site, container, task, proof);
      await this.#retire(container, switched, task);
      return this.#readServing(container.id, release, proof);
    });
  }

  /** A stable port that slipway.json names by now is taken in place of the one before. */
  async settle(release: Release, task: TaskContext): Promise<string[]> {
    const { name } = release.model;
    const port = this.options.ports[name];
    if (port === undefined) return [];
    const proxy = await this.#doing('look at the stable address', task.signal, () =>
      proxyOf(this.#site.docker, { target: this.name, model: name }, task.signal),
    );
    if (!proxy || proxy.port === port) return [];
    await this.promote(release, task);
    return [`the stable address moved from port ${String(proxy.port)} to ${String(port)}`];
  }

  setTraffic(release: Release, percent: number, task: TaskContext): Promise<Release> {
    return this.#doing(`move traffic to ${words(release)}`, task.signal, async () => {
      const container = await this.#find(release, task.signal);
      const moved = await moveTraffic(this.#site, container, percent, task);
      if (percent === 0) await unlessAborted(moved.drained(), task.signal);
      return this.#read(container.id);
    });
  }

  fail(release: Release, reason: string, task: TaskContext): Promise<void> {
    return this.#doing(`remove ${words(release)}`, task.signal, async () => {
      const container = await this.#find(release, task.signal);
      const left = await remove(this.#site, container, task, true);
      this.log.warn(`${this.name}: ${words(release)} was removed. ${reason}`);
      if (left.length > 0) throw new UserError('engine-refused', left.join('\n'));
    });
  }

  remove(release: Release, task: TaskContext): Promise<string[]> {
    return this.#doing(`remove ${words(release)}`, task.signal, async () =>
      remove(this.#site, await this.#find(release, task.signal), task),
    );
  }

  async *logs(release: Release, signal: AbortSignal): AsyncIterable<string> {
    const container = await this.#doing(`read the log of ${words(release)}`, signal, () =>
      this.#find(release, signal),
    );
    yield* followLogs(this.#site.docker.getContainer(container.id), signal);
  }

  dispose(): void {
    // Connections end with their requests.
  }

  /** Also takes up certificates that were renewed since. */
  #standing(): Standing {
    const { host, certificates } = this.options;
    const shown = certificatesFor(host, certificates?.());
    if (shown) this.#connected = undefined;
    return standingOf(this.name, shown);
  }

  /** The release serves: what is tidied up after that can neither be cancelled nor fail the promotion. */
  async #retire(container: ReleaseContainer, switched: Switched, task: TaskContext): Promise<void> {
    if (switched.idle.length === 0) return;
    try {
      task.report('Waiting until the release before has answered everything');
      await switched.drained();
      task.report('Stopping the release before');
      const left = await inTime(
        new AbortController().signal,
        (signal) => retire(this.#site, container, switched.idle, { ...task, signal }),
        RETIRE_MS,
      );
      for (const leftover of left) this.log.warn(`${this.name}: ${leftover}`);
    } catch (error) {
      this.log.warn(`${this.name}: the release before was not stopped: ${messageOf(error)}`);
    }
  }

  /** Made at first use, because an address that is none is an error of what is done, not of the configuration's being there. */
  get #site(): Site {
    const { host, bind, ports, proxyImage, memoryMiB, cpus, gpus } = this.options;
    const { restart = 'unless-stopped' } = this.options;
    return (this.#connected ??= {
      docker: connect(host, this.options.certificates?.()),
      target: this.name,
      publishing: { bind, host: reachableHost(bind, engineHostName(host)), forward: engineForward(host) },
      ...{ ports, proxyImage, memoryMiB, cpus, gpus, restart, settings: this.settings },
    });
  }

  async #find(release: Release, signal: AbortSignal): Promise<ReleaseContainer> {
    const of = { target: this.name, model: release.model.name };
    const containers = await listReleaseContainers(this.#site.docker, of, signal);
    const found = containers.find(({ revision }) => revision === release.revision);
    if (found) return found;
    throw new UserError(
      'release-missing',
      `There is no ${words(release)} on ${this.name} any more.`,
      'Refresh the targets, or deploy the model again.',
    );
  }

  /** A candidate that nobody is told of is not to run on. */
  async #readCandidate(id: string, { model }: ReleaseRequest, task: TaskContext): Promise<Release> {
    try {
      return await this.#read(id);
    } catch (error) {
      await takeBack(`The container of ${model.name}`, () => removeContainer(this.#site.docker, id), task);
      throw error;
    }
  }

  /** The traffic has moved: that the look at it fails can not fail the promotion. */
  async #readServing(id: string, release: Release, proof?: string): Promise<Release> {
    try {
      return await this.#read(id);
    } catch (error) {
      if (error instanceof UserError && error.code === 'release-missing') throw error;
      this.log.warn(
        `${this.name}: ${words(release)} serves, but could not be looked at: ${messageOf(error)}`,
      );
      return toServing(release, await this.#stableUrl(release), proof);
    }
  }

  /** Where a promoted release is reached, as far as that is known without its proxy. */
  async #stableUrl({ model, stableUrl }: Release): Promise<string | undefined> {
    const port = this.options.ports[model.name];
    if (port === undefined) return stableUrl;
    return urlOf(this.#site.publishing, port).catch(() => undefined);
  }

  #read(id: string): Promise<Release> {
    const look = async (signal: AbortSignal) => {
      const container = await readReleaseContainer(this.#site.docker, id, signal);
      if (!container)
        throw new UserError('release-missing', `The release was removed from ${this.name} just now.`);
      return this.#describe(container, await listProxies(this.#site.docker, this.name, signal), signal);
    };
    return inTime(new AbortController().signal, look, AFTERWARDS_MS);
  }

  #describe(container: ReleaseContainer, proxies: Proxy[], signal: AbortSignal): Promise<Release> {
    const proxy = proxies.find(({ model }) => model === container.model.name);
    return toRelease(container, proxy, this.#site.publishing, signal);
  }

  /** Turns the engine's errors into words. */
  #doing<T>(doing: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return inWords(`${doing} on ${this.name}`, signal, work, this.address);
  }
}

function words(release: Release): string {
  return `revision ${String(release.revision)} of ${release.model.name}`;
}
