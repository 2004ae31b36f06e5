import { createHash } from 'node:crypto';
import type { Json, JsonMap } from './fields';
import { addOns, builtIn, type ServedKind } from './kinds';
import { mergeInto, type Store, type StoreEvent, type StoredObject } from './store';

type Mode = 'Knative' | 'Standard';

/** How KServe is installed. */
export interface KServeSetup {
  /** What it makes where an InferenceService does not say. */
  mode: Mode;
  /** `0.15.0` */
  version: string;
}

interface Predictor extends JsonMap {
  canaryTrafficPercent: number;
  minReplicas: number;
  labels: JsonMap;
  annotations: JsonMap;
}

/** A revision that Knative has made of a predictor. */
interface KnativeRevision {
  name: string;
  hash: string;
  replicas: number;
}

interface Rollout {
  revisions: KnativeRevision[];
  /** That which had all of the traffic last, and the one before it. */
  rolledOut: string | null;
  before: string | null;
}

const services = addOns.kserve;
const deployments = builtIn.find(({ kind }) => kind === 'Deployment') as ServedKind;
const configMaps = builtIn.find(({ kind }) => kind === 'ConfigMap') as ServedKind;
const manager = { manager: 'kserve-controller-manager' };
const modeNote = 'serving.kserve.io/deploymentMode';
/** The version that gave the modes other names. */
const renamed = 16;
const oldWords = { Knative: 'Serverless', Standard: 'RawDeployment' } as const;

/** What KServe's controller makes of InferenceServices: Deployments, and with Knative one for each revision, of which two share the traffic. */
export class KServeController {
  readonly #rollouts = new Map<string, Rollout>();
  #queued = false;

  constructor(
    private readonly store: Store,
    private readonly setup: KServeSetup,
  ) {
    const deploy = JSON.stringify({ defaultDeploymentMode: this.#wordOf(setup.mode) });
    const config = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'inferenceservice-config' },
      data: { deploy },
    };
    store.create(configMaps, 'kserve', config, { manager: 'test' });
    const controller = deploymentOf('kserve-controller-manager', { app: 'kserve' }, 0, {
      containers: [{ name: 'manager', image: `kserve/kserve-controller:v${setup.version}` }],
    });
    store.create(deployments, 'kserve', controller, { manager: 'test' });
    store.events.on('change', ({ served }: StoreEvent) => {
      if (served.kind === 'InferenceService' || served.kind === 'Deployment') this.#wake();
    });
  }

  #wake(): void {
    if (this.#queued) return;
    this.#queued = true;
    setImmediate(() => {
      this.#queued = false;
      this.#reconcile();
    });
  }

  #reconcile(): void {
    const all = this.store.list(services);
    for (const service of all) {
      if (this.#modeOf(service) === 'Knative') this.#knative(service);
      else this.#standard(service);
    }
    for (const { metadata } of this.store.list(deployments)) {
      const owner = metadata.labels?.['test/inferenceservice'];
      if (owner !== undefined && !all.some((service) => service.metadata.name === owner)) {
        this.store.remove(deployments, metadata.namespace, metadata.name);
        this.#rollouts.delete(owner);
      }
    }
  }

  /** Words that its version does not know are as good as none. */
  #modeOf({ metadata }: StoredObject): Mode {
    const word = metadata.annotations?.[modeNote];
    const known = (['Knative', 'Standard'] as const).find(
      (mode) => word === oldWords[mode] || (this.#isRenamed && word === mode),
    );
    return known ?? this.setup.mode;
  }

  #wordOf(mode: Mode): string {
    return this.#isRenamed ? mode : oldWords[mode];
  }

  get #isRenamed(): boolean {
    return Number(this.setup.version.split('.')[1]) >= renamed;
  }

  #standard(service: StoredObject): void {
    const { predictor } = service.spec as { predictor: Predictor };
    const { name } = service.metadata;
    this.#put(service, `${name}-predictor`, predictor, predictor.minReplicas ?? 1);
    this.#say(service, this.#isReady(service, `${name}-predictor`), {});
  }

  #knative(service: StoredObject): void {
    const { name } = service.metadata;
    const { canaryTrafficPercent, ...predictor } = (service.spec as { predictor: Predictor }).predictor;
    const rollout = this.#rollouts.get(name) ?? { revisions: [], rolledOut: null, before: null };
    this.#rollouts.set(name, rollout);
    const shape = JSON.stringify([predictor, podNotesOf(service, predictor as Predictor)]);
    const hash = createHash('sha256').update(shape).digest('hex');
    if (rollout.revisions.at(-1)?.hash !== hash) {
      const number = String(rollout.revisions.length + 1).padStart(5, '0');
      const replicas = Math.max(1, predictor.minReplicas ?? 1);
      const revision = { name: `${name}-predictor-${number}`, hash, replicas };
      rollout.revisions.push(revision);
      this.#put(service, revision.name, predictor as Predictor, replicas);
    }
    const created = rollout.revisions.at(-1)?.name ?? '';
    const ready: string | null =
      [...rollout.revisions].reverse().find((revision) => this.#isReady(service, revision.name))?.name ??
      null;
    const traffic = trafficOf(rollout, ready, created, canaryTrafficPercent);
    const asked = new Set<Json | undefined>([created, ...traffic.map(({ revisionName }) => revisionName)]);
    for (const revision of rollout.revisions)
      this.#scale(service, revision.name, asked.has(revision.name) ? revision.replicas : 0);
    const predictorStatus = {
      latestCreatedRevision: created,
      ...(ready && { latestReadyRevision: ready }),
      ...(rollout.rolledOut && { latestRolledoutRevision: rollout.rolledOut }),
      traffic,
    };
    this.#say(service, ready === created, {
      components: { predictor: ready ? predictorStatus : { latestCreatedRevision: created } },
    });
  }

  #put(service: StoredObject, name: string, predictor: Predictor, replicas: number): void {
    const { metadata } = service;
    const { containers, volumes = [] } = predictor as unknown as {
      containers: JsonMap[];
      volumes?: JsonMap[];
    };
    const { labels, annotations } = podNotesOf(service, predictor);
    const body = deploymentOf(
      name,
      { ...labels, 'test/deployment': name },
      replicas,
      { containers, volumes },
      annotations,
    );
    (body['metadata'] as JsonMap)['labels'] = { 'test/inferenceservice': metadata.name };
    this.store.apply(deployments, metadata.namespace, name, body, { ...manager, force: true });
  }

  #scale({ metadata }: StoredObject, name: string, replicas: number): void {
    const change = (object: StoredObject) => mergeInto(object, { spec: { replicas } });
    this.store.update(deployments, metadata.namespace, name, change, manager);
  }

  #isReady({ metadata }: StoredObject, name: string): boolean {
    const found = this.store
      .list(deployments, metadata.namespace)
      .find((each) => each.metadata.name === name);
    const status = (found?.status ?? {}) as {
      readyReplicas?: number;
      updatedReplicas?: number;
      observedGeneration?: number;
    };
    return status.observedGeneration === found?.metadata.generation && (status.readyReplicas ?? 0) > 0;
  }

  #say(service: StoredObject, ready: boolean, more: JsonMap): void {
    const { name, namespace = '', generation } = service.metadata;
    const status: JsonMap = {
      observedGeneration: generation,
      deploymentMode: this.#wordOf(this.#modeOf(service)),
      url: `http://${name}.${namespace}.example.com`,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      ...more,
    };
    const change = (object: StoredObject) => ({ ...(object as unknown as JsonMap), status });
    this.store.update(services, namespace, name, change, { ...manager, status: true });
  }
}

/**
 * What KServe sets on pods: all of the InferenceService's own, and of its predictor, which comes first.
 * https://github.com/kserve/kserve/blob/master/pkg/controller/v1beta1/inferenceservice/components/predictor.go
 */
function podNotesOf(
  { metadata }: StoredObject,
  predictor: Predictor,
): { labels: JsonMap; annotations: JsonMap } {
  const own = { 'serving.kserve.io/inferenceservice': metadata.name, component: 'predictor' };
  return {
    labels: { ...metadata.labels, ...predictor.labels, ...own },
    annotations: { ...metadata.annotations, ...predictor.annotations },
  };
}

/**
 * How the traffic is divided, and with it what is rolled out.
 * https://github.com/kserve/kserve/blob/master/pkg/apis/serving/v1beta1/inference_service_status.go
 */
function trafficOf(
  rollout: Rollout,
  ready: string | null,
  created: string,
  percent: number | undefined,
): JsonMap[] {
  if (percent === undefined || percent === 100 || rollout.rolledOut === null) {
    if (ready !== null && rollout.rolledOut !== ready) {
      rollout.before = rollout.rolledOut;
      rollout.rolledOut = ready;
    }
    return [{ revisionName: ready, latestRevision: true, percent: 100 }];
  }
  // All of it was given to what is the newest: the rest goes back to the one before.
  if (rollout.rolledOut === ready && ready === created) rollout.rolledOut = rollout.before ?? ready;
  return [
    { revisionName: ready, latestRevision: true, percent },
    { revisionName: rollout.rolledOut, percent: 100 - percent, tag: 'prev' },
  ];
}

function deploymentOf(
  name: string,
  labels: JsonMap,
  replicas: number,
  spec: JsonMap,
  annotations: JsonMap = {},
): JsonMap {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { ...onlyOwn(labels) } },
      template: { metadata: { labels, annotations }, spec },
    },
  };
}

/** A selector can not change, and the labels of a revision do. */
function onlyOwn(labels: JsonMap): JsonMap {
  const own = labels['test/deployment'];
  return own === undefined ? labels : { 'test/deployment': own };
}
