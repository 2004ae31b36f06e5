import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { ApiFailure, invalid, notFound } from './apiFailure';
import {
  getField,
  leavesOf,
  mergePatch,
  removeField,
  same,
  setField,
  shownLeaf,
  type JsonMap,
} from './fields';
import { apiVersionOf, type ServedKind } from './kinds';
import { setDefaults, validate } from './validation';

export interface StoredMetadata {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  uid: string;
  resourceVersion: string;
  generation: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
}

export interface StoredObject {
  apiVersion: string;
  kind: string;
  metadata: StoredMetadata;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what is in it depends on the kind
  spec?: any;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  status?: any;
  data?: Record<string, string>;
}

export interface StoreEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  served: ServedKind;
  object: StoredObject;
}

interface Entry {
  object: StoredObject;
  /** Leaves that were set, by who set them. */
  owners: Map<string, Set<string>>;
}

export interface WriteOptions {
  manager: string;
  dryRun?: boolean;
}

/** The objects of a cluster, with versions and with owners of their fields. Lists are owned as a whole. */
export class Store {
  readonly events = new EventEmitter();
  readonly #entries = new Map<string, Entry>();
  /** What happened, for who watches from a version on. */
  #past: StoreEvent[] = [];
  #forgotten = 0;
  #version = 100;

  list(served: ServedKind, namespace?: string): StoredObject[] {
    const prefix = `${served.plural}.${served.group}/`;
    return [...this.#entries]
      .filter(([key]) => key.startsWith(prefix))
      .map(([, { object }]) => object)
      .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
  }

  get(served: ServedKind, namespace: string | undefined, name: string): StoredObject {
    return this.#entry(served, namespace, name).object;
  }

  get version(): string {
    return String(this.#version);
  }

  create(
    served: ServedKind,
    namespace: string | undefined,
    body: JsonMap,
    options: WriteOptions,
  ): StoredObject {
    const object = this.#complete(served, namespace, body);
    const key = keyOf(served, namespace, object.metadata.name);
    if (this.#entries.has(key)) {
      throw new ApiFailure(
        409,
        'AlreadyExists',
        `${nameOf(served)} "${object.metadata.name}" already exists`,
      );
    }
    validate(object, undefined);
    if (options.dryRun) return object;
    const owners = new Map([[options.manager, new Set(leavesOf(body).keys())]]);
    this.#entries.set(key, { object, owners });
    this.#emit('ADDED', served, object);
    return object;
  }

  /** Replaces what `change` makes of an object; without a change of it, nothing happens. */
  update(
    served: ServedKind,
    namespace: string | undefined,
    name: string,
    change: (object: StoredObject) => JsonMap,
    options: WriteOptions & { resourceVersion?: string; status?: boolean },
  ): StoredObject {
    const entry = this.#entry(served, namespace, name);
    this.#assertVersion(served, entry.object, options.resourceVersion);
    const before = entry.object;
    const next = structuredClone(change(structuredClone(before))) as unknown as StoredObject;
    next.metadata = {
      ...next.metadata,
      uid: before.metadata.uid,
      creationTimestamp: before.metadata.creationTimestamp,
    };
    if (!options.status) next.status = before.status as unknown;
    const added = leavesOf(next as unknown as JsonMap);
    const changed = [...added].filter(
      ([leaf, value]) => !same(getField(before as unknown as JsonMap, leaf), value),
    );
    const object = this.#write(served, entry, next, options);
    if (!options.dryRun && !options.status) {
      for (const [leaf] of changed) own(entry, options.manager, leaf);
    }
    return object;
  }

  /** Server-side apply: `force` takes fields over that others have set to something else. */
  apply(
    served: ServedKind,
    namespace: string | undefined,
    name: string,
    body: JsonMap,
    options: WriteOptions & { force: boolean },
  ): { object: StoredObject; created: boolean } {
    const asked = (body['metadata'] as JsonMap)['resourceVersion'] as string | undefined;
    const entry = this.#entries.get(keyOf(served, namespace, name));
    if (!entry) {
      if (asked !== undefined) throw notFound(served.plural, served.group, name);
      return { object: this.create(served, namespace, body, options), created: true };
    }
    this.#assertVersion(served, entry.object, asked);
    const wanted = leavesOf(body);
    const next = structuredClone(entry.object) as unknown as JsonMap;
    const conflicts = [...wanted].flatMap(([leaf, value]) => {
      const others = [...entry.owners].filter(
        ([manager, leaves]) => manager !== options.manager && leaves.has(leaf),
      );
      return others.length > 0 && !same(getField(next, leaf), value)
        ? others.map(([manager]) => `conflict with "${manager}": ${shownLeaf(leaf)}`)
        : [];
    });
    if (conflicts.length > 0 && !options.force) {
      throw new ApiFailure(
        409,
        'Conflict',
        `Apply failed with ${String(conflicts.length)} conflict: ${conflicts.join(', ')}`,
      );
    }
    for (const leaf of entry.owners.get(options.manager) ?? []) {
      const shared = [...entry.owners].some(
        ([manager, leaves]) => manager !== options.manager && leaves.has(leaf),
      );
      if (!wanted.has(leaf) && !shared) removeField(next, leaf);
    }
    for (const [leaf, value] of wanted) setField(next, leaf, value);
    const object = this.#write(served, entry, next as unknown as StoredObject, options);
    if (!options.dryRun) {
      for (const leaves of entry.owners.values()) for (const leaf of wanted.keys()) leaves.delete(leaf);
      entry.owners.set(options.manager, new Set(wanted.keys()));
    }
    return { object, created: false };
  }

  remove(served: ServedKind, namespace: string | undefined, name: string): StoredObject {
    const { object } = this.#entry(served, namespace, name);
    this.#entries.delete(keyOf(served, namespace, name));
    this.#emit('DELETED', served, {
      ...object,
      metadata: { ...object.metadata, resourceVersion: this.#next() },
    });
    return object;
  }

  /** Who has set which fields, as the API shows it in short. */
  managersOf(served: ServedKind, namespace: string | undefined, name: string): string[] {
    return [...this.#entry(served, namespace, name).owners.keys()];
  }

  #entry(served: ServedKind, namespace: string | undefined, name: string): Entry {
    const entry = this.#entries.get(keyOf(served, namespace, name));
    if (!entry) throw notFound(served.plural, served.group, name);
    return entry;
  }

  #write(served: ServedKind, entry: Entry, next: StoredObject, { dryRun }: WriteOptions): StoredObject {
    const before = entry.object;
    setDefaults(next);
    validate(next, before);
    const grown = !same(before.spec, next.spec);
    next.metadata = {
      ...next.metadata,
      resourceVersion: before.metadata.resourceVersion,
      generation: before.metadata.generation + (grown ? 1 : 0),
    };
    if (same(before, next)) return before;
    next.metadata.resourceVersion = dryRun ? this.version : this.#next();
    if (dryRun) return next;
    entry.object = next;
    this.#emit('MODIFIED', served, next);
    return next;
  }

  #complete(served: ServedKind, namespace: string | undefined, body: JsonMap): StoredObject {
    const given = (body['metadata'] ?? {}) as JsonMap;
    const name = (given['name'] ?? '') as string;
    if (name === '')
      throw invalid(served.kind, name, ['metadata.name: Required value: name or generateName is required']);
    if (body['kind'] !== served.kind || body['apiVersion'] !== apiVersionOf(served)) {
      throw new ApiFailure(400, 'BadRequest', `the object is no ${served.kind} of ${apiVersionOf(served)}`);
    }
    const metadata: StoredMetadata = {
      ...(given as unknown as StoredMetadata),
      name,
      ...(namespace !== undefined && { namespace }),
      uid: randomUUID(),
      resourceVersion: this.#next(),
      generation: 1,
      creationTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
    };
    const object = structuredClone({ ...body, metadata }) as unknown as StoredObject;
    setDefaults(object);
    return object;
  }

  #assertVersion(served: ServedKind, { metadata }: StoredObject, asked: string | undefined): void {
    if (asked === undefined || asked === metadata.resourceVersion) return;
    const words =
      'the object has been modified; please apply your changes to the latest version and try again';
    throw new ApiFailure(
      409,
      'Conflict',
      `Operation cannot be fulfilled on ${nameOf(served)} "${metadata.name}": ${words}`,
    );
  }

  #next(): string {
    return String(++this.#version);
  }

  /** What happened after a version; undefined where that is too long ago. */
  since(version: string): StoreEvent[] | undefined {
    if (Number(version) < this.#forgotten) return undefined;
    return this.#past.filter(({ object }) => Number(object.metadata.resourceVersion) > Number(version));
  }

  /** Forgets what happened, as a cluster does after some minutes. */
  forgetPast(): void {
    this.#forgotten = this.#version;
    this.#past = [];
  }

  #emit(type: StoreEvent['type'], served: ServedKind, object: StoredObject): void {
    const event: StoreEvent = { type, served, object: structuredClone(object) };
    this.#past.push(event);
    this.events.emit('change', event);
  }
}

export function mergeInto(object: StoredObject, change: JsonMap): JsonMap {
  return mergePatch(object as unknown as JsonMap, change);
}

function own(entry: Entry, manager: string, leaf: string): void {
  for (const leaves of entry.owners.values()) leaves.delete(leaf);
  const leaves = entry.owners.get(manager) ?? new Set();
  entry.owners.set(manager, leaves.add(leaf));
}

function keyOf({ plural, group }: ServedKind, namespace: string | undefined, name: string): string {
  return `${plural}.${group}/${namespace ?? ''}/${name}`;
}

function nameOf({ plural, group }: ServedKind): string {
  return group === '' ? plural : `${plural}.${group}`;
}
