import type { JsonMap } from './fields';
import { builtIn, type ServedKind } from './kinds';
import { mergeInto, type Store, type StoredObject } from './store';

/* eslint-disable @typescript-eslint/no-unsafe-member-access -- what is in a spec depends on the kind */

const events = builtIn.find(({ kind }) => kind === 'Event') as ServedKind;
const pods = builtIn.find(({ kind }) => kind === 'Pod') as ServedKind;

/** A container as its pod asks for it. */
export interface Container {
  name: string;
  image: string;
  args?: string[];
  readinessProbe?: { httpGet?: { path?: string } };
}

export interface PodStatus {
  phase: 'Pending' | 'Running';
  conditions: { type: string; status: 'True' | 'False'; reason?: string; message?: string }[];
  containerStatuses?: object[];
}

/** One pod as its node sees it, and where it says how the pod is. */
export interface PodBoard {
  readonly containers: Container[];
  /** A node has taken the pod. */
  take(): void;
  /** The pod's whole status but for its addresses. */
  say(status: PodStatus): void;
  warn(reason: string, message: string): void;
}

/** A pod in the store of the stand-in for a cluster. */
export class StoredPod implements PodBoard {
  constructor(
    private readonly store: Store,
    private readonly namespace: string,
    private readonly name: string,
  ) {}

  get containers(): Container[] {
    return this.store.get(pods, this.namespace, this.name).spec.containers as Container[];
  }

  take(): void {
    const change = (pod: StoredObject) => mergeInto(pod, { spec: { nodeName: 'node-1' } });
    this.store.update(pods, this.namespace, this.name, change, { manager: 'kube-scheduler' });
  }

  say(said: PodStatus): void {
    const status = { podIP: '10.1.0.1', ...said } as unknown as JsonMap;
    const change = (pod: StoredObject) => ({ ...(pod as unknown as JsonMap), status });
    this.store.update(pods, this.namespace, this.name, change, { manager: 'kubelet', status: true });
  }

  warn(reason: string, message: string): void {
    const { namespace, name } = this;
    const body = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${reason.toLowerCase()}` },
      ...{ involvedObject: { kind: 'Pod', namespace, name }, type: 'Warning', reason, message },
      lastTimestamp: new Date().toISOString(),
    };
    this.store.create(events, namespace, body, { manager: 'kubelet' });
  }
}
