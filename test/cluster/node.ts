import {
  ApiException,
  CoordinationV1Api,
  CoreV1Api,
  KubeConfig,
  makeInformer,
  type Informer,
  type V1Node,
  type V1Pod,
} from '@kubernetes/client-node';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiFailure } from '../host/kubernetes/apiFailure';
import { sendLog } from '../host/kubernetes/podLog';
import { PodRunner, type Failure } from '../host/kubernetes/podRunner';
import { forwardPort } from '../host/kubernetes/portForward';
import { ClusterPod } from './clusterPod';
import type { ControlPlane } from './controlPlane';

const NAME = 'node-1';
/** How often it says that it is there; after 40 s without that its pods are taken for lost. */
const HEARTBEAT_MS = 5_000;
/** How long a pod that is told to end still answers, in milliseconds; the real ones run what its preStop says. */
const LEAVE_MS = 1_000;

interface Running {
  board: ClusterPod;
  runner: PodRunner;
  ending: boolean;
}

/**
 * A node of a real cluster, as far as Slipway can see one: it runs the pods that the scheduler gives it, their containers being model servers
 * of this machine, and answers the API server's questions for logs and ports. Images are known by `images`.
 */
export class ClusterNode {
  /** The model file by image; an image that is not here can not be pulled. */
  readonly images = new Map<string, string>();
  /** What shall go wrong with new pods, by the name of their Deployment. */
  readonly failures = new Map<string, Failure>();
  readonly #running = new Map<string, Running>();
  readonly #core: CoreV1Api;
  readonly #leases: CoordinationV1Api;
  readonly #end = new AbortController();
  #pods: Informer<V1Pod> | undefined;
  #addresses = 0;

  private constructor(
    private readonly config: KubeConfig,
    private readonly server: Server,
  ) {
    this.#core = config.makeApiClient(CoreV1Api);
    this.#leases = config.makeApiClient(CoordinationV1Api);
    server.on('request', (request: IncomingMessage, response: ServerResponse) =>
      this.#answer(request, response),
    );
    server.on('upgrade', (request: IncomingMessage, socket: Duplex) => this.#upgrade(request, socket));
  }

  /** Joins the cluster. */
  static async start(plane: ControlPlane): Promise<ClusterNode> {
    const config = new KubeConfig();
    config.loadFromFile(await plane.kubeconfig('admin'));
    const [key, cert] = await Promise.all(
      ['server.key', 'server.crt'].map((file) => readFile(join(plane.folder, file))),
    );
    const server = createServer({ key, cert }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const node = new ClusterNode(config, server);
    await node.#join((server.address() as AddressInfo).port);
    return node;
  }

  /** Ends the containers of a Deployment's pods as a machine that fails would, and removes the pods. */
  async removePods(deployment: string): Promise<void> {
    const own = [...this.#running.values()].filter(({ runner }) => deploymentOf(runner.name) === deployment);
    for (const { runner } of own) runner.kill();
    await Promise.all(own.map(({ board }) => board.remove()));
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#pods?.stop();
    this.server.closeAllConnections();
    this.server.close();
    await Promise.all([...this.#running.values()].map(({ runner }) => runner.stop()));
  }

  async #join(port: number): Promise<void> {
    await this.#core.createNode({ body: nodeOf(port) });
    await this.#beat();
    void this.#keepBeating();
    const fieldSelector = `spec.nodeName=${NAME}`;
    const list = () => this.#core.listPodForAllNamespaces({ fieldSelector });
    const path = `/api/v1/pods?fieldSelector=${encodeURIComponent(fieldSelector)}`;
    const pods = makeInformer(this.config, path, list);
    pods.on('add', (pod: V1Pod) => this.#take(pod));
    pods.on('update', (pod: V1Pod) => this.#take(pod));
    pods.on('delete', (pod: V1Pod) => void this.#drop(keyOf(pod)));
    pods.on('error', () => {
      if (!this.#end.signal.aborted) setTimeout(() => void pods.start(), 200);
    });
    await pods.start();
    this.#pods = pods;
  }

  async #beat(): Promise<void> {
    const namespace = 'kube-node-lease';
    const spec = { holderIdentity: NAME, leaseDurationSeconds: 40, renewTime: microTime() as never };
    const known = await this.#leases
      .readNamespacedLease({ name: NAME, namespace })
      .catch((error: unknown) => {
        if (error instanceof ApiException && error.code === 404) return undefined;
        throw error;
      });
    const metadata = known?.metadata ?? { name: NAME, namespace };
    const body = { metadata, spec };
    if (known) await this.#leases.replaceNamespacedLease({ name: NAME, namespace, body });
    else await this.#leases.createNamespacedLease({ namespace, body });
  }

  async #keepBeating(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      await sleep(HEARTBEAT_MS, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await this.#beat().catch((error: unknown) => console.error(String(error)));
    }
  }

  #take(pod: V1Pod): void {
    const key = keyOf(pod);
    const known = this.#running.get(key);
    if (pod.metadata?.deletionTimestamp) {
      if (known && !known.ending) void this.#leave(known);
      else if (!known) void new ClusterPod(this.#core, pod, '').remove();
      return;
    }
    if (known) return;
    const { name = '' } = pod.metadata ?? {};
    const address = `10.244.${++this.#addresses >> 8}.${this.#addresses & 255}`;
    const board = new ClusterPod(this.#core, pod, address);
    const failure = this.failures.get(deploymentOf(name));
    const runner = new PodRunner(board, name, (image) => this.images.get(image), failure);
    this.#running.set(key, { board, runner, ending: false });
  }

  async #leave(running: Running): Promise<void> {
    running.ending = true;
    await sleep(LEAVE_MS);
    await running.runner.stop();
    await running.board.remove();
  }

  async #drop(key: string): Promise<void> {
    const running = this.#running.get(key);
    this.#running.delete(key);
    running?.runner.kill();
    await running?.runner.stop();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '', 'https://node');
    const [, what, namespace, pod, container] = pathname.split('/');
    const found = what === 'containerLogs' ? this.#runnerOf(namespace, pod) : undefined;
    if (!found) {
      response.writeHead(404).end();
      return;
    }
    if (container) searchParams.set('container', container);
    try {
      sendLog(found, searchParams, response);
    } catch (error) {
      const status = error instanceof ApiFailure ? error.status : 500;
      response.writeHead(status, { 'content-type': 'text/plain' }).end((error as Error).message);
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex): void {
    const { pathname, searchParams } = new URL(request.url ?? '', 'https://node');
    const [, what, namespace, pod] = pathname.split('/');
    const found = what === 'portForward' ? this.#runnerOf(namespace, pod) : undefined;
    if (found) forwardPort(request, socket, found, Number(searchParams.get('port')));
    else socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n');
  }

  /** The runner of the pod of that name which is not ending, or else of the one that is. */
  #runnerOf(namespace = '', pod = ''): PodRunner | undefined {
    const own = [...this.#running].filter(([key]) => key.startsWith(`${namespace}/${pod}/`));
    return own.at(-1)?.[1].runner;
  }
}

function keyOf({ metadata }: V1Pod): string {
  return `${metadata?.namespace}/${metadata?.name}/${metadata?.uid}`;
}

/** `iris-r1` of `iris-r1-6d5f7c9b8-x2x7k`. */
function deploymentOf(pod: string): string {
  return pod.split('-').slice(0, -2).join('-');
}

/** The API takes microseconds, and gives them. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}

function nodeOf(port: number): V1Node {
  const capacity = { cpu: '64', memory: '64Gi', pods: '200', 'ephemeral-storage': '100Gi' };
  const now = new Date();
  const fine = { lastHeartbeatTime: now, lastTransitionTime: now, message: '' };
  const conditions = [
    { type: 'Ready', status: 'True', reason: 'KubeletReady', ...fine },
    ...['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => ({
      ...{ type, status: 'False', reason: 'Enough', ...fine },
    })),
  ];
  const labels = {
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': NAME,
  };
  const nodeInfo = { operatingSystem: 'linux', architecture: 'amd64' } as never;
  const status = {
    capacity,
    allocatable: capacity,
    conditions,
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
    nodeInfo,
  };
  return { metadata: { name: NAME, labels }, spec: {}, status };
}
