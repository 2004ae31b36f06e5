import { UserError } from '../../errors';

/** A place for images of one name: `ghcr.io/ada/models/iris`. */
export interface Repository {
  /** Where people think it is, and what Docker's configuration calls it: `ghcr.io`, `docker.io`, `127.0.0.1:5000`. */
  host: string;
  /** Its path on the host: `ada/models/iris`. */
  path: string;
}

const HUB = 'docker.io';
const hubNames = new Set([HUB, 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com']);
/** Source: https://github.com/distribution/reference */
const pathPart = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/;
const hostName = /^([\w.-]+|\[[\da-fA-F:]+\])(:\d+)?$/;

/**
 * Reads where images go: `ghcr.io/ada`, `123.dkr.ecr.eu-west-1.amazonaws.com`, `ada` (of Docker Hub), `127.0.0.1:5000`.
 * @throws UserError `config-invalid`
 */
export function parseRegistry(text: string): Repository {
  const parts = text.replace(/\/+$/, '').split('/');
  const [first = '', ...rest] = parts;
  // As Docker tells a host from a part of a path.
  const isHost = /[.:]/.test(first) || first === 'localhost';
  const host = isHost ? first : HUB;
  const path = isHost ? rest : parts;
  if (hostName.test(host) && path.every((part) => pathPart.test(part))) {
    return { host: hubNames.has(host) ? HUB : host, path: path.join('/') };
  }
  throw new UserError(
    'config-invalid',
    `${text} names no registry.`,
    'Name one such as ghcr.io/ada, docker.io/ada or registry.example.com:5000/models, without https:// and without a tag.',
  );
}

/** The repository of one model below a registry. */
export function repositoryOf(registry: string, model: string): Repository {
  const { host, path } = parseRegistry(registry);
  return { host, path: [path, model].filter(Boolean).join('/') };
}

/** `ghcr.io/ada/models/iris` */
export function nameOf({ host, path }: Repository): string {
  return `${host}/${path}`;
}

/**
 * Reads the name of an image: `node:24`, `ghcr.io/ada/base`, `127.0.0.1:5000/base@sha256:…`. The reference is its digest, else its tag.
 * @throws UserError `config-invalid`
 * @see https://github.com/distribution/reference
 */
export function parseImage(text: string): { repository: Repository; reference: string } {
  const [, name = '', tag = 'latest', digest] = /^(.+?)(?::([\w.-]+))?(?:@(.+))?$/.exec(text) ?? [];
  const { host, path } = parseRegistry(name);
  const isOfficial = host === HUB && !path.includes('/');
  return { repository: { host, path: isOfficial ? `library/${path}` : path }, reference: digest ?? tag };
}

/** The repository and the digest of `registry/name@sha256:…`; undefined for what is only an image's id. */
export function parsePlace(place: string): { repository: Repository; digest: string } | undefined {
  const [name = '', digest] = place.split('@');
  if (digest === undefined) return undefined;
  return { repository: parseRegistry(name), digest };
}

/** Where the registry's own API is. */
export function apiHostOf(host: string): string {
  return host === HUB ? 'registry-1.docker.io' : host;
}

/** What Docker's configuration calls the registry. */
export function credentialKeyOf(host: string): string {
  return host === HUB ? 'https://index.docker.io/v1/' : host;
}

/** Whether it is this machine's: only there is a registry spoken to without TLS unasked. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(host);
}
