import { apiVersionOf, type ServedKind } from './kinds';

const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];

/** Answers of the paths that say what an API server has; undefined for other paths. */
export function discover(path: string, kinds: ServedKind[], version: string): object | undefined {
  if (path === '/version')
    return { major: '1', minor: version.split('.')[1], gitVersion: `v${version}`, platform: 'linux/amd64' };
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  const groups = [...new Set(kinds.map(apiVersionOf).filter((name) => name.includes('/')))];
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupOf) };
  const name = /^\/apis?\/(.+)$/.exec(path)?.[1] ?? '';
  const own = kinds.filter((kind) => apiVersionOf(kind) === name);
  if (own.length === 0) return undefined;
  const resources = own.flatMap(({ plural, kind, namespaced, short }) => [
    {
      name: plural,
      singularName: kind.toLowerCase(),
      namespaced,
      kind,
      verbs,
      ...(short && { shortNames: short }),
    },
  ]);
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: name, resources };
}

function groupOf(groupVersion: string): object {
  const [name, version] = groupVersion.split('/');
  const own = { groupVersion, version };
  return { name, versions: [own], preferredVersion: own };
}
