import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { run } from './command';
import { assertAllowed, review, type User } from './kubernetes/access';
import { ApiFailure } from './kubernetes/apiFailure';
import { DeploymentController } from './kubernetes/controller';
import { discover } from './kubernetes/discovery';
import { getField, type JsonMap } from './kubernetes/fields';
import { GatewayController, type RouteCondition } from './kubernetes/gateway';
import { KServeController, type KServeSetup } from './kubernetes/kserve';
import { addOns, builtIn, type ServedKind } from './kubernetes/kinds';
import { sendLog } from './kubernetes/podLog';
import type { Failure } from './kubernetes/podRunner';
import { forwardPort } from './kubernetes/portForward';
import { fits, routeOf, verbOf, type Route } from './kubernetes/route';
import { mergeInto, Store, type StoredObject, type StoreEvent } from './kubernetes/store';

export interface KubernetesOptions {
  /** What is installed beside Kubernetes itself. */
  addOns?: (keyof typeof addOns)[];
  /** `1.31.0` */
  version?: string;
  namespaces?: string[];
  /** KServe, where it is installed. */
  kserve?: KServeSetup;
  /** What its Gateways say about routes, as conditions; undefined for nothing. Default: they take each. */
  routes?: ((route: StoredObject) => RouteCondition[]) | undefined;
  /** The machines of the cluster, each as its platform. */
  nodes?: string[];
  /** A container that is put into each pod before its own, as a mesh and Knative do it. */
  sidecar?: string;
}

const TOKEN = 'test-token';

/**
 * A stand-in for a cluster: an API server with server-side apply, versions, dry runs and permissions, and one node whose pods are
 * real model servers of this machine. Images are known by `images`, which says the model file in each.
 */
export class KubernetesApi {
  readonly store = new Store();
  readonly kinds: ServedKind[];
  /** The model file by image; an image that is not here can not be pulled. */
  readonly images = new Map<string, string>();
  /** What shall go wrong with new pods, by the name of their Deployment. */
  readonly failures = new Map<string, Failure>();
  /** By token. */
  readonly users = new Map<string, User>([[TOKEN, { name: 'ada' }]]);
  /** What was asked, such as `PATCH /apis/apps/v1/…?dryRun=All`. */
  readonly asked: string[] = [];
  readonly controller: DeploymentController;
  /** Waited for before what was asked is done. */
  beforeAnswer: ((asked: string) => Promise<unknown> | undefined) | undefined;
  /** Whether the connection ends after what was asked is done, and nobody hears of it. */
  losesAnswer: ((asked: string) => boolean) | undefined;
  kubeconfig = '';
  url = '';
  readonly #watches = new Set<ServerResponse>();
  readonly #server: Server;
  readonly #version: string;
  #folder = '';

  private constructor(options: KubernetesOptions) {
    const { addOns: installed = [], version = '1.31.0', namespaces = ['models', 'kserve'] } = options;
    const { kserve, sidecar, nodes = ['linux/amd64'] } = options;
    const knative = kserve?.mode === 'Knative' ? ['knative' as const] : [];
    const routes = installed.includes('gateway') ? ['gateways' as const] : [];
    const added = kserve ? ['kserve' as const, ...knative] : [];
    const present = [...installed, ...routes, ...added];
    this.kinds = [...builtIn, ...present.map((name) => addOns[name])];
    this.#version = version;
    this.controller = new DeploymentController(this.store, {
      modelOf: (image) => this.images.get(image),
      failureOf: (deployment) => this.failures.get(deployment),
      sidecar,
    });
    for (const name of namespaces) {
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
      this.store.create(this.kind('Namespace'), undefined, body, { manager: 'test' });
    }
    nodes.forEach((platform, index) => this.#addNode(`node-${String(index + 1)}`, platform));
    if (routes.length > 0) new GatewayController(this.store, options.routes);
    if (kserve) new KServeController(this.store, kserve);
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex) => this.#upgrade(request, socket));
  }

  static async start(options: KubernetesOptions = {}): Promise<KubernetesApi> {
    const api = new KubernetesApi(options);
    await new Promise<void>((done) => api.#server.listen(0, '127.0.0.1', done));
    api.url = `http://127.0.0.1:${String((api.#server.address() as AddressInfo).port)}`;
    api.#folder = await mkdtemp(join(tmpdir(), 'slipway-kubernetes-'));
    api.kubeconfig = join(api.#folder, 'config');
    await writeFile(api.kubeconfig, JSON.stringify(api.kubeconfigFor(TOKEN)));
    return api;
  }

  /** A kubeconfig, which as JSON is YAML too. */
  kubeconfigFor(token: string): object {
    return {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'ada', namespace: 'models' } }],
      clusters: [{ name: 'test', cluster: { server: this.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'ada', user: { token } }],
    };
  }

  /** Runs kubectl on this cluster. It sends no token without TLS, so that somebody without one has to be known. */
  kubectl(folder: string, ...args: string[]): Promise<string> {
    this.users.set('', { name: 'kubectl' });
    const flags = [`--kubeconfig=${this.kubeconfig}`, `--cache-dir=${this.#folder}/cache`];
    return run('kubectl', [...flags, ...args], { cwd: folder });
  }

  /** Cuts the connections of all who watch. */
  cutWatches(): number {
    const cut = [...this.#watches];
    for (const response of cut) response.destroy();
    return cut.length;
  }

  kind(name: string): ServedKind {
    const found = this.kinds.find(({ kind }) => kind === name);
    if (!found) throw new Error(`This cluster has no ${name}.`);
    return found;
  }

  /** `Deployment iris-r1`, sorted: all that is there but namespaces, nodes, pods and events. */
  names(): string[] {
    return this.kinds
      .filter(({ kind }) => !['Namespace', 'Node', 'Pod', 'Event'].includes(kind))
      .flatMap((served) => this.store.list(served))
      .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
      .sort();
  }

  pods(deployment: string): StoredObject[] {
    return this.store
      .list(this.kind('Pod'))
      .filter(({ metadata }) => metadata.name.startsWith(`${deployment}-`));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await this.controller.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #addNode(name: string, platform: string): void {
    const [operatingSystem = '', architecture = ''] = platform.split('/');
    const labels = { 'kubernetes.io/os': operatingSystem, 'kubernetes.io/arch': architecture };
    const status = { nodeInfo: { operatingSystem, architecture } };
    const body = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, status };
    this.store.create(this.kind('Node'), undefined, body, { manager: 'kubelet' });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#handle(request, response);
    } catch (error) {
      const failure =
        error instanceof ApiFailure
          ? error
          : new ApiFailure(500, 'InternalError', String((error as Error).stack));
      if (response.headersSent) response.destroy();
      else send(response, failure.status, failure.toStatus());
    }
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', this.url);
    const method = request.method ?? '';
    const asked = `${method} ${request.url ?? ''}`;
    this.asked.push(asked);
    const user = this.#userOf(request);
    const body = await bodyOf(request);
    await this.beforeAnswer?.(asked);
    const found = discover(pathname, this.kinds, this.#version) ?? review(pathname, body, user);
    if (found) {
      send(response, method === 'POST' ? 201 : 200, found);
      return;
    }
    const route = this.#routeOf(pathname);
    const watch = ['true', '1'].includes(searchParams.get('watch') ?? '');
    assertAllowed(user, askedOf(route, verbOf(method, route, watch)));
    if (route.subresource === 'log') {
      sendLog(this.#runnerOf(route), searchParams, response);
      return;
    }
    if (method === 'GET' && route.name === undefined && watch) {
      this.#watch(route, searchParams, response);
      return;
    }
    const { status, object } = this.#work(method, route, request, body, user, searchParams);
    if (this.losesAnswer?.(asked)) response.destroy();
    else send(response, status, object);
  }

  #work(
    method: string,
    route: Route,
    request: IncomingMessage,
    body: JsonMap | undefined,
    user: User,
    query: URLSearchParams,
  ): { status: number; object: object } {
    const { served, namespace, name, subresource } = route;
    const dryRun = query.get('dryRun') === 'All';
    const manager = query.get('fieldManager') ?? request.headers['user-agent'] ?? 'unknown';
    if (subresource === 'scale') return { status: 200, object: this.#scale(method, route, body, manager) };
    if (namespace !== undefined) this.store.get(this.kind('Namespace'), undefined, namespace);
    if (method === 'POST' && body) {
      return { status: 201, object: this.store.create(served, namespace, body, { manager, dryRun }) };
    }
    if (name === undefined) return { status: 200, object: this.#list(route, query) };
    const own = served.namespaced ? namespace : undefined;
    if (method === 'GET') return { status: 200, object: this.#shown(served, own, name) };
    if (method === 'DELETE') {
      if (dryRun) return { status: 200, object: this.store.get(served, own, name) };
      const removed =
        served.kind === 'Pod'
          ? this.controller.removePod(own ?? '', name)
          : this.store.remove(served, own, name);
      return { status: 200, object: removed };
    }
    if (method !== 'PATCH' || !body) throw new ApiFailure(405, 'MethodNotAllowed', 'method not allowed');
    if (request.headers['content-type'] === 'application/apply-patch+yaml') {
      if (!query.get('fieldManager'))
        throw new ApiFailure(
          422,
          'Invalid',
          'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
        );
      const exists = this.store.list(served, own).some(({ metadata }) => metadata.name === name);
      if (!exists) assertAllowed(user, askedOf(route, 'create'));
      const force = query.get('force') === 'true';
      const { object, created } = this.store.apply(served, own, name, body, { manager, dryRun, force });
      return { status: created ? 201 : 200, object };
    }
    const options = { manager, dryRun, resourceVersion: versionIn(body) };
    return {
      status: 200,
      object: this.store.update(served, own, name, (object) => mergeInto(object, body), options),
    };
  }

  #scale(
    method: string,
    { served, namespace, name = '' }: Route,
    body: JsonMap | undefined,
    manager: string,
  ): object {
    if (method === 'PATCH' && body) {
      const { replicas } = (body['spec'] ?? {}) as { replicas?: number };
      if (typeof replicas !== 'number' || replicas < 0)
        throw new ApiFailure(422, 'Invalid', 'spec.replicas: Invalid value');
      const change = (object: StoredObject) => mergeInto(object, { spec: { replicas } });
      this.store.update(served, namespace, name, change, { manager, resourceVersion: versionIn(body) });
    }
    const found = this.store.get(served, namespace, name);
    const { replicas } = found.spec as { replicas: number };
    const { uid } = found.metadata;
    return {
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name, namespace, uid },
      spec: { replicas },
    };
  }

  #list({ served, namespace }: Route, query: URLSearchParams): object {
    const items = this.#selected(served, namespace, query).map((object) => structuredClone(object));
    return {
      kind: `${served.kind}List`,
      apiVersion: served.group === '' ? 'v1' : `${served.group}/${served.version}`,
      metadata: { resourceVersion: this.store.version },
      items,
    };
  }

  #selected(served: ServedKind, namespace: string | undefined, query: URLSearchParams): StoredObject[] {
    return this.store.list(served, namespace).filter((object) => isSelected(object, query));
  }

  #watch({ served, namespace }: Route, query: URLSearchParams, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const write = (type: string, object: object) => response.write(`${JSON.stringify({ type, object })}\n`);
    const version = query.get('resourceVersion');
    const missed = version ? this.store.since(version) : [];
    if (!missed) {
      write('ERROR', new ApiFailure(410, 'Expired', `too old resource version: ${version}`).toStatus());
      response.end();
      return;
    }
    if (!version) for (const object of this.#selected(served, namespace, query)) write('ADDED', object);
    const onChange = ({ type, served: changed, object }: StoreEvent) => {
      const here = namespace === undefined || object.metadata.namespace === namespace;
      if (changed.kind === served.kind && here && isSelected(object, query)) write(type, object);
    };
    missed.forEach(onChange);
    this.store.events.on('change', onChange);
    this.#watches.add(response);
    response.once('close', () => {
      this.store.events.off('change', onChange);
      this.#watches.delete(response);
    });
  }

  #shown(served: ServedKind, namespace: string | undefined, name: string): object {
    const object = this.store.get(served, namespace, name);
    const managedFields = this.store.managersOf(served, namespace, name).map((manager) => ({
      manager,
      operation: 'Apply',
      apiVersion: object.apiVersion,
      fieldsType: 'FieldsV1',
      fieldsV1: {},
    }));
    return { ...object, metadata: { ...object.metadata, managedFields } };
  }

  #upgrade(request: IncomingMessage, socket: Duplex): void {
    try {
      const { pathname, searchParams } = new URL(request.url ?? '', this.url);
      this.asked.push(`UPGRADE ${request.url ?? ''}`);
      const route = this.#routeOf(pathname);
      assertAllowed(this.#userOf(request), askedOf(route, 'get'));
      if (route.subresource !== 'portforward') throw new ApiFailure(404, 'NotFound', 'no such subresource');
      forwardPort(request, socket, this.#runnerOf(route), Number(searchParams.get('ports')));
    } catch (error) {
      const status = error instanceof ApiFailure ? error.status : 500;
      socket.end(`HTTP/1.1 ${String(status)} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
    }
  }

  #routeOf(path: string): Route {
    const route = routeOf(path, this.kinds);
    if (route) return route;
    throw new ApiFailure(404, 'NotFound', 'the server could not find the requested resource');
  }

  #runnerOf({ served, namespace = '', name = '' }: Route) {
    this.store.get(served, namespace, name);
    const runner = this.controller.runnerOf(namespace, name);
    if (!runner) throw new ApiFailure(404, 'NotFound', `pods "${name}" not found`);
    return runner;
  }

  #userOf({ headers }: IncomingMessage): User {
    const user = this.users.get((headers.authorization ?? '').replace(/^Bearer /, ''));
    if (!user) throw new ApiFailure(401, 'Unauthorized', 'Unauthorized');
    return user;
  }
}

function askedOf({ served, namespace, name, subresource }: Route, verb: string) {
  const resource = subresource === undefined ? served.plural : `${served.plural}/${subresource}`;
  return { verb, group: served.group, resource, namespace, name };
}

function isSelected(object: StoredObject, query: URLSearchParams): boolean {
  const fields = (query.get('fieldSelector') ?? '').split(',').filter(Boolean);
  const has = (field: string) => {
    const [path = '', value] = field.split('=');
    return getField(object as unknown as JsonMap, path.replaceAll('.', '\u0001')) === value;
  };
  return fits(object.metadata.labels, query.get('labelSelector')) && fields.every(has);
}

/** The version that a change is meant for. */
function versionIn({ metadata }: JsonMap): string | undefined {
  return (metadata as JsonMap | undefined)?.['resourceVersion'] as string | undefined;
}

async function bodyOf(request: IncomingMessage): Promise<JsonMap | undefined> {
  let text = '';
  for await (const piece of request) text += String(piece);
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as JsonMap;
  } catch {
    throw new ApiFailure(400, 'BadRequest', 'the body of the request was not JSON');
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
