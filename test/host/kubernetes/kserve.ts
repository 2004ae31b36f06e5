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
}

/** A revision that Knative has made of a predictor. */
interface KnativeRevision {
  name: string;
  hash: string;
}

interface Rollout {
  revisions: KnativeRevision[];
  /** That which had all of the traffic last. */
  rolledOut: string | null;
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
    const rollout = this.#rollouts.get(name) ?? { revisions: [], rolledOut: null };
    this.#rollouts.set(name, rollout);
    const hash = createHash('sha256').update(JSON.stringify(predictor)).digest('hex');
    if (rollout.revisions.at(-1)?.hash !== hash) {
      const number = String(rollout.revisions.length + 1).padStart(5, '0');
      const revision = { name: `${name}-predictor-${number}`, hash };
      rollout.revisions.push(revision);
      this.#put(service, revision.name, predictor as Predictor, Math.max(1, predictor.minReplicas ?? 1));
    }
    const created = rollout.revisions.at(-1)?.name ?? '';
    const ready: string | null =
      [...rollout.revisions].reverse().find((revision) => this.#isReady(service, revision.name))?.name ??
      null;
    const splits =
      canaryTrafficPercent !== undefined && rollout.rolledOut !== null && rollout.rolledOut !== ready;
    if (!splits && ready === created && canaryTrafficPercent === undefined) rollout.rolledOut = ready;
    const traffic: JsonMap[] = splits
      ? [
          { revisionName: ready, latestRevision: true, percent: canaryTrafficPercent },
          { revisionName: rollout.rolledOut, percent: 100 - canaryTrafficPercent },
        ]
      : [{ revisionName: ready, latestRevision: true, percent: 100 }];
    const asked = new Set<Json | undefined>([created, ...traffic.map(({ revisionName }) => revisionName)]);
    for (const revision of rollout.revisions)
      if (!asked.has(revision.name)) this.#scale(service, revision.name, 0);
    const predictorStatus = {
      latestCreatedRevision: created,
      ...(ready && { latestReadyRevision: ready }),
      traffic,
    };
    this.#say(service, ready === created, {
      components: { predictor: ready ? predictorStatus : { latestCreatedRevision: created } },
    });
  }

  #put({ metadata }: StoredObject, name: string, predictor: Predictor, replicas: number): void {
    const { containers, volumes = [] } = predictor as unknown as {
      containers: JsonMap[];
      volumes?: JsonMap[];
    };
    const labels = { ...predictor.labels, 'serving.kserve.io/inferenceservice': metadata.name } as JsonMap;
    const body = deploymentOf(name, { ...labels, 'test/deployment': name }, replicas, {
      containers,
      volumes,
    });
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

function deploymentOf(name: string, labels: JsonMap, replicas: number, spec: JsonMap): JsonMap {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { ...onlyOwn(labels) } },
      template: { metadata: { labels }, spec },
    },
  };
}

/** A selector can not change, and the labels of a revision do. */
function onlyOwn(labels: JsonMap): JsonMap {
  const own = labels['test/deployment'];
  return own === undefined ? labels : { 'test/deployment': own };
}
