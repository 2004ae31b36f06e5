import { ApiFailure } from './apiFailure';

/** Somebody who uses the API. */
export interface User {
  name: string;
  /** Whether something is forbidden: `patch`, `deployments/scale`. Default: nothing is. */
  denied?: (verb: string, resource: string) => boolean;
}

export interface Asked {
  verb: string;
  group: string;
  /** `deployments`, or `deployments/scale`. */
  resource: string;
  namespace?: string;
  name?: string;
}

/** Throws 403 in the words of the real one. */
export function assertAllowed(user: User, { verb, group, resource, namespace, name }: Asked): void {
  if (!user.denied?.(verb, resource)) return;
  const full = group === '' ? resource : `${resource}.${group}`;
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const words = `${full}${name === undefined ? '' : ` "${name}"`} is forbidden: User "${user.name}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`;
  throw new ApiFailure(403, 'Forbidden', words, { name, group, kind: resource });
}

/** Answers the reviews with which somebody asks about himself; undefined for other paths. */
export function review(path: string, body: unknown, user: User): object | undefined {
  if (path === '/apis/authentication.k8s.io/v1/selfsubjectreviews') {
    return {
      ...(body as object),
      status: { userInfo: { username: user.name, groups: ['system:authenticated'] } },
    };
  }
  if (path !== '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews') return undefined;
  const { spec } = body as {
    spec: { resourceAttributes: { verb: string; resource: string; subresource?: string } };
  };
  const { verb, resource, subresource } = spec.resourceAttributes;
  const asked = subresource ? `${resource}/${subresource}` : resource;
  return { ...(body as object), status: { allowed: !user.denied?.(verb, asked) } };
}
