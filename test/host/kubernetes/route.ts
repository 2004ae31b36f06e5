import { ApiFailure } from './apiFailure';
import type { ServedKind } from './kinds';

/** What a path of the API names. */
export interface Route {
  served: ServedKind;
  namespace?: string;
  name?: string;
  subresource?: string;
}

/** Undefined where the path names no objects. Throws 404 where it names a kind that the cluster does not have. */
export function routeOf(path: string, kinds: ServedKind[]): Route | undefined {
  const found = /^\/(?:api\/(v1)|apis\/([^/]+)\/([^/]+))\/(.+)$/.exec(path);
  if (!found) return undefined;
  const [, coreVersion, group = '', groupVersion, rest = ''] = found;
  const version = coreVersion ?? groupVersion ?? '';
  const parts = rest.split('/').map(decodeURIComponent);
  const spaced = parts[0] === 'namespaces' && parts.length > 2;
  const [plural = '', name, subresource] = spaced ? parts.slice(2) : parts;
  const served = kinds.find(
    (kind) => kind.group === group && kind.version === version && kind.plural === plural,
  );
  if (!served) throw new ApiFailure(404, 'NotFound', 'the server could not find the requested resource');
  return { served, name, subresource, ...(spaced && { namespace: parts[1] }) };
}

export function verbOf(method: string, { name }: Route, watch: boolean): string {
  switch (method) {
    case 'GET':
      return name !== undefined ? 'get' : watch ? 'watch' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return 'delete';
    default:
      throw new ApiFailure(
        405,
        'MethodNotAllowed',
        `the server does not allow this method on the requested resource`,
      );
  }
}

/** Whether labels fit `a=b,c!=d,e`. */
export function fits(labels: Record<string, string> = {}, selector: string | null): boolean {
  return (selector ?? '')
    .split(',')
    .filter(Boolean)
    .every((term) => {
      const [, name = '', operator, value = ''] = /^([^=!]+?)(!=|==?|$)(.*)$/.exec(term) ?? [];
      if (operator === '') return name in labels;
      return operator === '!=' ? labels[name] !== value : labels[name] === value;
    });
}
