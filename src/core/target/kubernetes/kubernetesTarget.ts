import { UserError, messageOf } from '../../errors';
import type { Logger } from '../../logger';
import type { TaskContext } from '../../task';
import type { Change, ManifestFormat, Release, ReleaseRequest, Standing, Target } from '../target';
import { publicAddress } from './addressManifests';
import type { Built } from '../../image/buildImages';
import { buildForCluster } from './build';
import { startCandidate } from './candidate';
import { chartOf } from './chart';
import { checkCluster } from './check';
import { ClusterConnection } from './clusterConnection';
import { clusterError, inClusterWords } from './clusterErrors';
import { settingsOf } from './deploymentManifest';
import { Forwards } from './forwards';
import { readKubeconfig } from './kubeconfig';
import { ReleaseLinks } from './links';
import { listReleases } from './listReleases';
import { machineWarnings } from './machines';
import { kustomized, manifestsOf } from './manifests';
import { NamespaceApi } from './namespaceApi';
import { labelsOf, podLabels } from './names';
import { kinds } from './objects';
import type { KubernetesTargetOptions } from './options';
import { planOn } from './plan';
import { followPods } from './podLogs';
import { promote, retire, withdraw } from './promotion';
import { remove } from './removal';
import { listRevisions, type RevisionRecord } from './revisions';
import { scale } from './scaling';
import { settle } from './settle';
import { share } from './share';
import { nameOf, type Site } from './site';
import type { Switched } from './switching';
import { watchKinds } from './watch';

/** How long a look at what was just done may take, in milliseconds. It can not be cancelled, because what was done stays done. */
const AFTERWARDS_MS = 10_000;
/** How long stopping the releases before may take, in milliseconds. */
const TIDY_MS = 60_000;
const DRAIN_SECONDS = 10;

interface Connected {
  site: Site;
  forwards: Forwards;
  links: ReleaseLinks;
}

/** A namespace of a Kubernetes cluster: each revision is a Deployment, and a Service of the model's name sends the traffic to one. */
export class KubernetesTarget implements Target {
  readonly kind = 'kubernetes';
  /** What of its configuration shapes a release, as JSON. */
  readonly settings: string;
  #connected: Connected | undefined;

  constructor(
    readonly name: string,
    private readonly options: KubernetesTargetOptions,
    private readonly log: Logger,
  ) {
    this.settings = settingsOf(options.config);
  }

  /** `prod/ml`: the context, and the namespace where that is named. */
  get address(): string {
    if (this.#connected) {
      const { context, api } = this.#connected.site;
      return `${context.name}/${api.namespace}`;
    }
    const { context = 'current context', namespace } = this.options.config;
    return namespace === undefined ? context : `${context}/${namespace}`;
  }

  check(request: ReleaseRequest | undefined, task: TaskContext): Promise<Standing> {
    return this.#doing('look at the cluster', task.signal, async ({ site }) => {
      const standing = await checkCluster(site, request, task);
      const platforms = await this.#platforms(request, task.signal);
      if (platforms) {
        const { nodeSelector } = site.config;
        const nodes = { target: this.name, nodeSelector };
        standing.warnings.push(...(await machineWarnings(site.api, nodes, platforms, task.signal)));
      }
      if (request) await this.options.checkPush(request.model, task.signal);
      return standing;
    });
  }

  plan(request: ReleaseRequest, task: TaskContext): Promise<Change[]> {
    return this.#doing('plan a deploy', task.signal, ({ site }) => planOn(site, request, task.signal));
  }

  list(signal: AbortSignal): Promise<Release[]> {
    return this.#doing('list the releases', signal, ({ site, links }) =>
      listReleases(site, links, undefined, signal),
    );
  }

  watch(changed: () => void, signal: AbortSignal): Promise<void> {
    return this.#doing('watch the releases', signal, ({ site }) => {
      const routes = site.config.gateway ? [kinds.httpRoute] : [];
      const watched = [kinds.deployment, kinds.pod, kinds.service, ...routes];
      return watchKinds(site.api, watched, labelsOf({ target: this.name }), changed, signal);
    });
  }

  build(request: ReleaseRequest, task: TaskContext): Promise<Built> {
    return buildForCluster(this.options, request, task);
  }

  push(request: ReleaseRequest, built: Built, task: TaskContext): Promise<string> {
    return this.options.push(request, built, task);
  }

  apply(request: ReleaseRequest, digest: string, task: TaskContext): Promise<Release> {
    return this.#doing(`start ${request.model.name}`, task.signal, async (connected) => {
      const { revision } = await startCandidate(connected.site, request, digest, task);
      // The number may be that of a candidate that was removed a moment ago, whose server still answers.
      connected.links.forget();
      return this.#read(connected, request.model.name, revision);
    });
  }

  /** `proof` is what was proven before, in words; it is kept with the release. */
  promote(release: Release, task: TaskContext, proof?: string): Promise<Release> {
    return this.#doing(`promote ${words(release)}`, task.signal, async (connected) => {
      const { site, links } = connected;
      const record = await this.#find(site, release, task.signal);
      const switched = await promote(site, record, proof, task).finally(() => links.forget());
      await this.#retire(site, release.model.name, switched);
      const reached = publicAddress(site.config, release.model.name);
      if (reached) task.report(`${words(release)} serves at ${reached}`);
      return this.#read(connected, release.model.name, release.revision);
    });
  }

  settle(release: Release, task: TaskContext): Promise<string[]> {
    return this.#doing(`bring the address of ${release.model.name} up to date`, task.signal, ({ site }) =>
      settle(site, { target: this.name, model: release.model.name }, task.signal),
    );
  }

  setTraffic(release: Release, percent: number, task: TaskContext): Promise<Release> {
    return this.#doing(`move traffic to ${words(release)}`, task.signal, async (connected) => {
      const { site, links } = connected;
      await share(site, await this.#find(site, release, task.signal), percent, task);
      links.forget();
      return this.#read(connected, release.model.name, release.revision);
    });
  }

  scale(release: Release, replicas: number, task: TaskContext): Promise<Release> {
    return this.#doing(`scale ${words(release)}`, task.signal, async (connected) => {
      const { site } = connected;
      await scale(site, await this.#find(site, release, task.signal), replicas, task);
      return this.#read(connected, release.model.name, release.revision);
    });
  }

  fail(release: Release, reason: string, task: TaskContext): Promise<void> {
    return this.#doing(`remove ${words(release)}`, task.signal, async ({ site }) => {
      this.log.warn(`${this.name}: ${words(release)} is removed. ${reason}`);
      const left = await withdraw(site, await this.#find(site, release, task.signal), task.signal);
      if (left.length > 0) throw new UserError('cluster-refused', left.join('\n'));
    });
  }

  remove(release: Release, task: TaskContext): Promise<string[]> {
    return this.#doing(`remove ${words(release)}`, task.signal, async ({ site, links }) => {
      await this.#find(site, release, task.signal);
      const of = { model: release.model.name, revision: release.revision };
      const left = await remove(site, of, task.signal);
      links.forget();
      return left;
    });
  }

  async *logs(release: Release, signal: AbortSignal): AsyncIterable<string> {
    const { site } = await this.#doing(`read the log of ${words(release)}`, signal, async (connected) => {
      await this.#find(connected.site, release, signal);
      return connected;
    });
    const pods = podLabels({ target: this.name, model: release.model.name }, release.revision);
    yield* followPods(site.api, pods, signal);
  }

  manifests(
    request: ReleaseRequest,
    digest: string,
    format: ManifestFormat,
  ): Promise<Record<string, string>> {
    const { config } = this.options;
    if (format === 'helm') return Promise.resolve(chartOf(this.name, config, request, digest));
    const files = manifestsOf(this.name, config, request, digest);
    return Promise.resolve(format === 'kustomize' ? kustomized(files) : files);
  }

  dispose(): void {
    this.#connected?.forwards.dispose();
    this.#connected?.site.api.connection.dispose();
    this.#connected = undefined;
  }

  /** Made at first use, because a kubeconfig that is wrong is an error of what is done, not of the configuration's being there. */
  #connect(): Connected {
    if (this.#connected) return this.#connected;
    const { config, trusted, drainSeconds = DRAIN_SECONDS } = this.options;
    const context = readKubeconfig(config, trusted());
    const api = new NamespaceApi(new ClusterConnection(context), context.namespace);
    const site = { target: this.name, context, api, config, drainMs: drainSeconds * 1000 };
    const forwards = new Forwards(context.config, context.namespace, this.log);
    return (this.#connected = { site, forwards, links: new ReleaseLinks(site, forwards) });
  }

  /** The machines that images are made for; undefined where only an engine knows that, and none is needed yet. */
  async #platforms(
    request: ReleaseRequest | undefined,
    signal: AbortSignal,
  ): Promise<readonly string[] | undefined> {
    const { platforms, enginePlatform } = this.options;
    if (platforms || !request) return platforms;
    const own = await enginePlatform?.(signal);
    return own === undefined ? undefined : [own];
  }

  async #read({ site, links }: Connected, model: string, revision: number): Promise<Release> {
    const all = await listReleases(site, links, model, AbortSignal.timeout(AFTERWARDS_MS));
    return all.find((release) => release.revision === revision) ?? gone(this.name, nameOf(revision, model));
  }

  async #find(site: Site, release: Release, signal: AbortSignal): Promise<RevisionRecord> {
    const of = { target: this.name, model: release.model.name };
    const records = await listRevisions(site.api, of, signal);
    return records.find(({ revision }) => revision === release.revision) ?? gone(this.name, words(release));
  }

  /** The release serves: what is tidied up after that can neither be cancelled nor fail the promotion. */
  async #retire(site: Site, model: string, switched: Switched): Promise<void> {
    try {
      const left = await retire(site, model, switched, AbortSignal.timeout(TIDY_MS));
      for (const leftover of left) this.log.warn(`${this.name}: ${leftover}`);
    } catch (error) {
      this.log.warn(`${this.name}: the release before was not stopped: ${messageOf(error)}`);
    }
  }

  /** Turns the cluster's errors into words. */
  async #doing<T>(
    doing: string,
    signal: AbortSignal,
    work: (connected: Connected) => Promise<T>,
  ): Promise<T> {
    const what = `${doing} on ${this.name}`;
    let connected: Connected;
    try {
      connected = this.#connect();
    } catch (error) {
      throw clusterError(error, what, this.address);
    }
    return inClusterWords(what, connected.site.context.server, signal, () => work(connected));
  }
}

function words(release: Release): string {
  return nameOf(release.revision, release.model.name);
}

function gone(target: string, name: string): never {
  throw new UserError(
    'release-missing',
    `There is no ${name} on ${target} any more.`,
    'Refresh the targets, or deploy the model again.',
  );
}
