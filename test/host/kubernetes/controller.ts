import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoredPod } from './podBoard';
import { PodRunner, type Failure } from './podRunner';
import { builtIn, type ServedKind } from './kinds';
import { mergeInto, type Store, type StoreEvent, type StoredObject } from './store';
import type { JsonMap } from './fields';

/* eslint-disable @typescript-eslint/no-unsafe-member-access -- what is in a spec depends on the kind */

const pods = builtIn.find(({ kind }) => kind === 'Pod') as ServedKind;
const deployments = builtIn.find(({ kind }) => kind === 'Deployment') as ServedKind;
const hashLabel = 'pod-template-hash';
/** A pod that is told to end answers for so long, in milliseconds; the real ones wait for their own preStop. */
const LEAVE_MS = 1_000;

export interface ControllerOptions {
  /** The model file in an image; undefined for images that are not in the registry. */
  modelOf(image: string): string | undefined;
  /** What shall go wrong with a new pod of a Deployment. */
  failureOf(deployment: string): Failure | undefined;
  /** A container that is put into each pod before its own. */
  sidecar: string | undefined;
}

/** Makes pods of Deployments, replaces them when their template changes, and removes those of Deployments that are gone. */
export class DeploymentController {
  readonly runners = new Map<string, PodRunner>();
  readonly #stopping = new Set<Promise<void>>();
  #queued = false;
  readonly #ended = new AbortController();

  constructor(
    private readonly store: Store,
    private readonly options: ControllerOptions,
  ) {
    store.events.on('change', ({ served }: StoreEvent) => {
      if (served.kind === 'Deployment' || served.kind === 'Pod') this.#wake();
    });
  }

  runnerOf(namespace: string, pod: string): PodRunner | undefined {
    return this.runners.get(`${namespace}/${pod}`);
  }

  /** Ends a pod as a DELETE of it does. */
  removePod(namespace: string, name: string): StoredObject {
    const deletionTimestamp = new Date().toISOString();
    const change = (pod: StoredObject) => mergeInto(pod, { metadata: { deletionTimestamp } });
    const pod = this.store.get(pods, namespace, name);
    if (pod.metadata.deletionTimestamp === undefined) {
      const marked = this.store.update(pods, namespace, name, change, { manager: 'kube-controller-manager' });
      this.#track(this.#end(namespace, name));
      return marked;
    }
    return pod;
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await Promise.all([...this.runners.values()].map((runner) => runner.stop()));
    await Promise.all(this.#stopping);
  }

  #wake(): void {
    if (this.#queued) return;
    this.#queued = true;
    setImmediate(() => {
      this.#queued = false;
      if (!this.#ended.signal.aborted) this.#reconcile();
    });
  }

  #reconcile(): void {
    const all = this.store.list(deployments);
    for (const deployment of all) this.#reconcileOne(deployment);
    for (const pod of this.store.list(pods)) {
      const owner = ownerOf(pod);
      const known = all.some(({ metadata }) => metadata.uid === owner);
      if (owner !== undefined && !known) this.removePod(pod.metadata.namespace ?? '', pod.metadata.name);
    }
  }

  #reconcileOne(deployment: StoredObject): void {
    const namespace = deployment.metadata.namespace ?? '';
    const hash = hashOf(deployment.spec.template);
    const wanted = deployment.spec.replicas as number;
    const own = this.store
      .list(pods, namespace)
      .filter((pod) => ownerOf(pod) === deployment.metadata.uid && !pod.metadata.deletionTimestamp);
    const fresh = own.filter((pod) => pod.metadata.labels?.[hashLabel] === hash);
    const old = own.filter((pod) => pod.metadata.labels?.[hashLabel] !== hash);
    const readyFresh = fresh.filter(isReady);
    for (let count = fresh.length; count < wanted; count++) this.#addPod(deployment, hash);
    for (const pod of [...fresh]
      .sort((a, b) => Number(isReady(a)) - Number(isReady(b)))
      .slice(0, fresh.length - wanted)) {
      if (fresh.length > wanted) this.removePod(namespace, pod.metadata.name);
    }
    // Of the old ones as many go as new ones are ready.
    const keep = Math.max(0, wanted - readyFresh.length);
    const leaving = [...old].sort((a, b) => Number(isReady(a)) - Number(isReady(b)));
    for (const pod of leaving.slice(0, old.length - keep)) this.removePod(namespace, pod.metadata.name);
    this.#report(deployment, own, fresh);
  }

  #report(deployment: StoredObject, own: StoredObject[], fresh: StoredObject[]): void {
    const readyReplicas = own.filter(isReady).length;
    const status = {
      observedGeneration: deployment.metadata.generation,
      replicas: own.length,
      updatedReplicas: fresh.length,
      readyReplicas,
      availableReplicas: readyReplicas,
    };
    const change = (object: StoredObject) => ({ ...(object as unknown as JsonMap), status });
    const { namespace, name } = deployment.metadata;
    this.store.update(deployments, namespace, name, change, {
      manager: 'kube-controller-manager',
      status: true,
    });
  }

  #addPod(deployment: StoredObject, hash: string): void {
    const { name: owner, uid, namespace = '' } = deployment.metadata;
    const name = `${owner}-${hash}-${randomBytes(3).toString('hex').slice(0, 5)}`;
    const { metadata, spec } = deployment.spec.template as { metadata: JsonMap; spec: JsonMap };
    const body = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...metadata,
        name,
        labels: { ...(metadata['labels'] as JsonMap), [hashLabel]: hash },
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: owner, uid, controller: true }],
      },
      spec: { ...spec, containers: [...this.#sidecars(), ...(spec['containers'] as JsonMap[])] },
      status: { phase: 'Pending' },
    };
    this.store.create(pods, namespace, body, { manager: 'kube-controller-manager' });
    const modelOf = (image: string) => this.options.modelOf(image);
    const runner = new PodRunner(
      new StoredPod(this.store, namespace, name),
      name,
      modelOf,
      this.options.failureOf(owner),
    );
    this.runners.set(`${namespace}/${name}`, runner);
  }

  #sidecars(): JsonMap[] {
    const { sidecar } = this.options;
    return sidecar === undefined ? [] : [{ name: sidecar, image: `registry.test/${sidecar}` }];
  }

  async #end(namespace: string, name: string): Promise<void> {
    await sleep(LEAVE_MS, undefined, { ref: false, signal: this.#ended.signal }).catch(() => undefined);
    const key = `${namespace}/${name}`;
    await this.runners.get(key)?.stop();
    this.runners.delete(key);
    this.store.remove(pods, namespace, name);
  }

  #track(work: Promise<void>): void {
    this.#stopping.add(work);
    void work.then(() => this.#stopping.delete(work));
  }
}

export function isReady(pod: StoredObject): boolean {
  const conditions = (pod.status?.conditions ?? []) as { type: string; status: string }[];
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

function ownerOf(pod: StoredObject): string | undefined {
  const { ownerReferences } = pod.metadata as unknown as { ownerReferences?: { uid: string }[] };
  return ownerReferences?.[0]?.uid;
}

function hashOf(template: unknown): string {
  return createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 9);
}
