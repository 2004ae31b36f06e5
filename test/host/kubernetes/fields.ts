import { isDeepStrictEqual } from 'node:util';

export type Json = null | boolean | number | string | Json[] | JsonMap;
export interface JsonMap {
  [name: string]: Json;
}

/** Fields that belong to the server, or name the object. */
const unowned = new Set([
  'apiVersion',
  'kind',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'metadata.resourceVersion',
  'metadata.generation',
  'metadata.creationTimestamp',
  'metadata.managedFields',
]);

const separator = '\u0001';

/** The paths of all leaves of an object: a list is one leaf. Parts are joined by a character that no name has. */
export function leavesOf(value: Json, path: string[] = []): Map<string, Json> {
  const leaves = new Map<string, Json>();
  if (isMap(value) && (path.length === 0 || Object.keys(value).length > 0)) {
    for (const [name, part] of Object.entries(value)) {
      for (const [leaf, found] of leavesOf(part, [...path, name])) leaves.set(leaf, found);
    }
  } else if (!unowned.has(path.join('.'))) {
    leaves.set(path.join(separator), value);
  }
  return leaves;
}

export function getField(object: JsonMap, leaf: string): Json | undefined {
  let at: Json | undefined = object;
  for (const part of leaf.split(separator)) at = isMap(at) ? at[part] : undefined;
  return at;
}

export function setField(object: JsonMap, leaf: string, value: Json): void {
  const parts = leaf.split(separator);
  const last = parts.pop() as string;
  let at = object;
  for (const part of parts) {
    if (!isMap(at[part])) at[part] = {};
    at = at[part];
  }
  at[last] = value;
}

/** Removes a leaf, and the maps around it that become empty. */
export function removeField(object: JsonMap, leaf: string): void {
  const parts = leaf.split(separator);
  const last = parts.pop() as string;
  const around: [JsonMap, string][] = [];
  let at = object;
  for (const part of parts) {
    if (!isMap(at[part])) return;
    around.push([at, part]);
    at = at[part];
  }
  delete at[last];
  for (const [outer, part] of around.reverse()) {
    if (Object.keys(outer[part] as JsonMap).length === 0) delete outer[part];
  }
}

/** JSON merge patch (RFC 7386): null removes. */
export function mergePatch(object: JsonMap, change: JsonMap): JsonMap {
  const result = { ...object };
  for (const [name, value] of Object.entries(change)) {
    if (value === null) delete result[name];
    else if (isMap(value)) result[name] = mergePatch(isMap(result[name]) ? result[name] : {}, value);
    else result[name] = value;
  }
  return result;
}

export function isMap(value: Json | undefined): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const same = (a: unknown, b: unknown): boolean => isDeepStrictEqual(a, b);
export const shownLeaf = (leaf: string): string => `.${leaf.split(separator).join('.')}`;
