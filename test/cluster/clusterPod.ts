import { ApiException, type CoreV1Api, type V1Pod, type V1PodStatus } from '@kubernetes/client-node';
import type { Container, PodBoard, PodStatus } from '../host/kubernetes/podBoard';

/** A pod of a real API server. What the node says of it is written one after the other. */
export class ClusterPod implements PodBoard {
  #writes: Promise<unknown> = Promise.resolve();
  #gone = false;
  readonly #since = new Map<string, { status: string; time: Date }>();

  constructor(
    private readonly core: CoreV1Api,
    private readonly pod: V1Pod,
    private readonly address: string,
  ) {}

  get containers(): Container[] {
    return this.pod.spec?.containers as Container[];
  }

  get #named(): { name: string; namespace: string } {
    const { name = '', namespace = '' } = this.pod.metadata ?? {};
    return { name, namespace };
  }

  /** The scheduler has done that. */
  take(): void {}

  say({ conditions, ...said }: PodStatus): void {
    const status = {
      ...said,
      hostIP: '127.0.0.1',
      podIP: this.address,
      podIPs: [{ ip: this.address }],
      startTime: this.pod.metadata?.creationTimestamp,
      conditions: conditions.map((each) => ({ ...each, lastTransitionTime: this.#changed(each) })),
    } as V1PodStatus;
    const { metadata, spec } = this.pod;
    const body: V1Pod = { metadata: { ...metadata, resourceVersion: undefined }, spec, status };
    this.#write(() => this.core.replaceNamespacedPodStatus({ ...this.#named, body }));
  }

  warn(reason: string, message: string): void {
    const { name, namespace } = this.#named;
    const now = new Date();
    const event = {
      metadata: { generateName: `${name}.` },
      involvedObject: { kind: 'Pod', namespace, name, uid: this.pod.metadata?.uid },
      ...{ type: 'Warning', reason, message, count: 1, firstTimestamp: now, lastTimestamp: now },
      source: { component: 'kubelet' },
    };
    this.#write(() => this.core.createNamespacedEvent({ namespace, body: event }));
  }

  /** Takes the pod off the API server, once its containers have ended. */
  async remove(): Promise<void> {
    const { uid } = this.pod.metadata ?? {};
    const body = { gracePeriodSeconds: 0, preconditions: { uid } };
    this.#write(() => this.core.deleteNamespacedPod({ ...this.#named, body }));
    this.#gone = true;
    await this.#writes;
  }

  #changed({ type, status }: { type: string; status: string }): Date {
    const before = this.#since.get(type);
    if (before?.status === status) return before.time;
    const time = new Date();
    this.#since.set(type, { status, time });
    return time;
  }

  #write(write: () => Promise<unknown>): void {
    if (this.#gone) return;
    this.#writes = this.#writes.then(write).catch((error: unknown) => {
      // Somebody has removed the pod, or another has its name by now.
      if (error instanceof ApiException && [404, 409].includes(error.code)) return;
      console.error(`The node could not say how ${this.#named.name} is: ${String(error)}`);
    });
  }
}
