import { UserError, messageOf } from '../../errors';
import type { Logger } from '../../logger';
import type { TaskContext } from '../../task';
import type { Built } from '../../image/buildImages';
import { buildForCluster } from '../kubernetes/build';
import { ClusterConnection } from '../kubernetes/clusterConnection';
import { clusterError, inClusterWords } from '../kubernetes/clusterErrors';
import { Forwards } from '../kubernetes/forwards';
import { readKubeconfig } from '../kubernetes/kubeconfig';
import { filesOf, kustomized } from '../kubernetes/manifests';
import { NamespaceApi } from '../kubernetes/namespaceApi';
import { labelsOf, podLabels } from '../kubernetes/names';
import { kinds } from '../kubernetes/objects';
import { followPods, lastWordsOf } from '../kubernetes/podLogs';
import { nameOf } from '../kubernetes/site';
import { watchKinds } from '../kubernetes/watch';
import type { Change, ManifestFormat, Release, ReleaseRequest, Standing, Target } from '../target';
import { keptRevision, removeCandidate, startCandidate } from './candidate';
import { kserveChartOf } from './chart';
import { checkKServe } from './check';
import { addressInferenceService, settingsOf } from './inferenceService';
import { servedAs } from './installation';
import { revisionUrl, stableUrl } from './kserveLinks';
import { toKServeRelease } from './kserveRelease';
import type { KServeTargetOptions } from './options';
import { planOn } from './plan';
import { promote } from './promotion';
import { failCandidate, remove } from './removal';
import { scale } from './scale';
import { listFound, listWithLeaving, readAddressService, type FoundRevision } from './services';
import { share } from './share';
import type { KServeSite } from './site';

/** How long a look at what was just done may take, in milliseconds. It can not be cancelled, because what was done stays done. */
const AFTERWARDS_MS = 10_000;
/** How long taking away what a release was proven in may take, in milliseconds. */
const TIDY_MS = 30_000;

interface Connected {
  site: KServeSite;
  forwards: Forwards;
}

/** KServe in a Kubernetes cluster: a model is an InferenceService, and each candidate is one of its own until it is promoted. */
export class KServeTarget implements Target {
  readonly kind = 'kserve';
  readonly settings: string;
  #connected: Connected | undefined;

  constructor(
    readonly name: string,
    private readonly options: KServeTargetOptions,
    private readonly log: Logger,
  ) {
    this.settings = settingsOf(options.config);
  }

  /** `prod/ml`: the context, and the namespace where that is named. */
  get address(): string {
    const { context = 'current context', namespace } = this.options.config;
    return namespace === undefined ? context : `${context}/${namespace}`;
  }

  check(request: ReleaseRequest | undefined, task: TaskContext): Promise<Standing> {
    return this.#doing('look at the cluster', task.signal, async ({ site }) => {
      const standing = await checkKServe(site, request, task);
      if (request) await this.options.checkPush(request.model, task.signal);
      return standing;
    });
  }

  plan(request: ReleaseRequest, task: TaskContext): Promise<Change[]> {
    return this.#doing('plan a deploy', task.signal, ({ site }) => planOn(site, request, task.signal));
  }

  list(signal: AbortSignal): Promise<Release[]> {
    return this.#doing('list the releases', signal, (connected) => this.#list(connected, undefined, signal));
  }

  watch(changed: () => void, signal: AbortSignal): Promise<void> {
    return this.#doing('watch the releases', signal, ({ site }) => {
      const watched = [kinds.inferenceService, kinds.pod];
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
      const revision = await startCandidate(connected.site, request, digest, task);
      return this.#read(connected, request.model.name, revision);
    });
  }

  /** `proof` is what was proven before, in words; it is kept with the release. */
  promote(release: Release, task: TaskContext, proof?: string): Promise<Release> {
    return this.#doing(`promote ${words(release)}`, task.signal, async (connected) => {
      const { site } = connected;
      const found = await this.#find(site, release, task.signal);
      await promote(site, found, proof, task);
      if (found.candidate) await this.#retire(site, release);
      const { url } =
        (await readAddressService(site.api, { target: this.name, model: release.model.name }, task.signal))
          ?.service.status ?? {};
      if (url) task.report(`${words(release)} serves at ${url}`);
      return this.#read(connected, release.model.name, release.revision);
    });
  }

  setTraffic(release: Release, percent: number, task: TaskContext): Promise<Release> {
    return this.#doing(`move traffic to ${words(release)}`, task.signal, async (connected) => {
      const { site } = connected;
      await share(site, await this.#find(site, release, task.signal), percent, task);
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
      await failCandidate(site, await this.#find(site, release, task.signal), task.signal);
      this.log.warn(`${this.name}: ${words(release)} is removed. ${reason}`);
    });
  }

  remove(release: Release, task: TaskContext): Promise<string[]> {
    return this.#doing(`remove ${words(release)}`, task.signal, async ({ site }) =>
      remove(site, await this.#find(site, release, task.signal), task.signal),
    );
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
    if (format === 'helm') return Promise.resolve(kserveChartOf(this.name, config, request, digest));
    const of = { target: this.name, model: request.model.name };
    const kept = keptRevision(config, request, digest, 1);
    const served = servedAs(config.mode);
    const plan = { division: { serving: kept }, history: [kept], newest: 1 };
    const files = filesOf([addressInferenceService(config, of, plan, served)], config.namespace);
    return Promise.resolve(format === 'kustomize' ? kustomized(files) : files);
  }

  dispose(): void {
    this.#connected?.forwards.dispose();
    this.#connected?.site.api.connection.dispose();
    this.#connected = undefined;
  }

  #connect(): Connected {
    if (this.#connected) return this.#connected;
    const { config, trusted } = this.options;
    const context = readKubeconfig(config, trusted());
    const api = new NamespaceApi(new ClusterConnection(context), context.namespace);
    const forwards = new Forwards(context.config, context.namespace, this.log);
    return (this.#connected = { site: { target: this.name, context, api, config }, forwards });
  }

  async #list(
    { site, forwards }: Connected,
    model: string | undefined,
    signal: AbortSignal,
  ): Promise<Release[]> {
    const began = performance.now();
    const of = { target: this.name, ...(model !== undefined && { model }) };
    const found = await listWithLeaving(site.api, of, signal);
    if (model === undefined) {
      const keys = found.flatMap(({ kept, address, pods }) => [
        ...(pods.length > 0 ? [`${kept.model.name}/${String(kept.revision)}`] : []),
        ...(address ? [kept.model.name] : []),
      ]);
      forwards.keep((key) => keys.includes(key), began);
    }
    return Promise.all(
      found.map((each) => {
        const of = { target: this.name, model: each.kept.model.name };
        const links = async (running: boolean) => ({
          ...(running && { url: await revisionUrl(forwards, site, of, each.kept.revision) }),
          ...(each.address && { stableUrl: await stableUrl(forwards, site, of) }),
        });
        return toKServeRelease(this.name, each, links, (pod) => lastWordsOf(site.api, pod, signal));
      }),
    );
  }

  async #read(connected: Connected, model: string, revision: number): Promise<Release> {
    const all = await this.#list(connected, model, AbortSignal.timeout(AFTERWARDS_MS));
    return all.find((release) => release.revision === revision) ?? gone(this.name, nameOf(revision, model));
  }

  async #find(site: KServeSite, release: Release, signal: AbortSignal): Promise<FoundRevision> {
    const found = await listFound(site.api, { target: this.name, model: release.model.name }, signal);
    return found.find(({ kept }) => kept.revision === release.revision) ?? gone(this.name, words(release));
  }

  /** The release serves: what is tidied up after that can neither be cancelled nor fail the promotion. */
  async #retire(site: KServeSite, { model, revision }: Release): Promise<void> {
    try {
      await removeCandidate(site, model.name, revision, AbortSignal.timeout(TIDY_MS));
    } catch (error) {
      const name = nameOf(revision, model.name);
      this.log.warn(`${this.name}: what ${name} was proven in is left: ${messageOf(error)}`);
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
