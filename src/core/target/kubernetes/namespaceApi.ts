import { ApiError } from './clusterErrors';
import type { ApiRequest, ClusterConnection, Method } from './clusterConnection';
import { linesOf } from '../../docker/lines';
import { kindOf, type Kind, type KubeObject, type Metadata } from './objects';

/** Who owns the fields that Slipway writes. */
const MANAGER = 'slipway';

/** The objects of one namespace. Methods throw {@link ApiError}. */
export class NamespaceApi {
  constructor(
    readonly connection: ClusterConnection,
    readonly namespace: string,
  ) {}

  /** Undefined where there is none of this name. */
  async get<T extends KubeObject>(kind: Kind, name: string, signal: AbortSignal): Promise<T | undefined> {
    return orUndefined(this.#send<T>('GET', kind, name, { signal }));
  }

  /** `labels` that objects must have; a cluster that does not know the kind has none of it. */
  async list<T extends KubeObject>(
    kind: Kind,
    labels: Record<string, string>,
    signal: AbortSignal,
  ): Promise<T[]> {
    const labelSelector = selectorText(labels);
    const query: Record<string, string> = labelSelector === '' ? {} : { labelSelector };
    const found = await orUndefined(this.#send<{ items?: T[] }>('GET', kind, undefined, { query, signal }));
    // Items of a list do not say what they are.
    return (found?.items ?? []).map((item) => ({ ...item, apiVersion: kind.apiVersion, kind: kind.kind }));
  }

  /** The version of a list of objects, as of which they can be watched. */
  async version(kind: Kind, labels: Record<string, string>, signal: AbortSignal): Promise<string> {
    const query = { labelSelector: selectorText(labels), limit: '1' };
    const list = await this.#send<{ metadata: Metadata }>('GET', kind, undefined, { query, signal });
    return list.metadata.resourceVersion ?? '';
  }

  /** What happens to objects after a version, for as long as the cluster holds the connection: `seconds` at most. */
  async *watch(
    kind: Kind,
    labels: Record<string, string>,
    { resourceVersion, seconds }: { resourceVersion: string; seconds: number },
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent> {
    const query = {
      ...{ watch: 'true', allowWatchBookmarks: 'true', labelSelector: selectorText(labels), resourceVersion },
      timeoutSeconds: String(seconds),
    };
    const stream = this.connection.stream(this.#path(kind), { query, signal });
    for await (const line of linesOf(stream)) if (line !== '') yield JSON.parse(line) as WatchEvent;
  }

  /** Makes an object whose name is not taken; a status of 409 says that it is. */
  create<T extends KubeObject>(object: T, signal: AbortSignal): Promise<T> {
    const query = { fieldManager: MANAGER, fieldValidation: 'Strict' };
    return this.#send<T>('POST', kindOf(object), undefined, { query, body: this.#placed(object), signal });
  }

  /**
   * Server-side apply: makes the object, or sets those fields of it that are named here. Fields of others are taken over.
   * With a `resourceVersion`, a status of 409 says that it was changed since.
   */
  apply<T extends KubeObject>(object: T, signal: AbortSignal, dryRun = false): Promise<T> {
    const query = {
      fieldManager: MANAGER,
      force: 'true',
      fieldValidation: 'Strict',
      ...(dryRun && { dryRun: 'All' }),
    };
    return this.#send<T>('PATCH', kindOf(object), object.metadata.name, {
      query,
      body: this.#placed(object),
      contentType: 'application/apply-patch+yaml',
      signal,
    });
  }

  /** Merges fields into an object that exists; null removes one. */
  patch<T extends KubeObject>(kind: Kind, name: string, change: object, signal: AbortSignal): Promise<T> {
    const query = { fieldManager: MANAGER };
    const contentType = 'application/merge-patch+json';
    return this.#send<T>('PATCH', kind, name, { query, body: change, contentType, signal });
  }

  /** Sets annotations of an object that exists; null removes one. */
  annotate<T extends KubeObject>(
    kind: Kind,
    name: string,
    annotations: Record<string, string | null>,
    signal: AbortSignal,
  ): Promise<T> {
    return this.patch<T>(kind, name, { metadata: { annotations } }, signal);
  }

  /** Sets how many pods shall run. With a `resourceVersion`, a status of 409 says that the object was changed since. */
  async scale(
    kind: Kind,
    name: string,
    replicas: number,
    signal: AbortSignal,
    resourceVersion?: string,
  ): Promise<void> {
    const query = { fieldManager: MANAGER };
    const contentType = 'application/merge-patch+json';
    const body = { spec: { replicas }, ...(resourceVersion && { metadata: { resourceVersion } }) };
    await this.#send('PATCH', kind, `${name}/scale`, { query, body, contentType, signal });
  }

  /** Removes an object and what the cluster made of it. False when there is none. */
  async remove(kind: Kind, name: string, signal: AbortSignal): Promise<boolean> {
    const query = { propagationPolicy: 'Background' };
    return (await orUndefined(this.#send<object>('DELETE', kind, name, { query, signal }))) !== undefined;
  }

  #placed<T extends KubeObject>(object: T): T {
    return { ...object, metadata: { ...object.metadata, namespace: this.namespace } };
  }

  #send<T>(method: Method, kind: Kind, name: string | undefined, request: ApiRequest): Promise<T> {
    const path = this.#path(kind);
    return this.connection.send<T>(method, name === undefined ? path : `${path}/${name}`, request);
  }

  #path({ apiVersion, plural }: Kind): string {
    return `${groupPath(apiVersion)}/namespaces/${this.namespace}/${plural}`;
  }
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes */
export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  /** Of an error it is a Status. */
  object: { metadata?: Metadata; code?: number };
}

/** `/api/v1` or `/apis/apps/v1`. */
export function groupPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

export function selectorText(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}

async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}
