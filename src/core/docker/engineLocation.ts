import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { UserError } from '../errors';

/** What is shown to an engine that speaks TLS, and by which it is known. Absent parts are the system's. */
export interface Certificates {
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  /** False where a context says that the engine's certificate is not to be looked at. */
  rejectUnauthorized?: boolean;
}

/** Where an engine is. */
export interface EngineLocation {
  /** `unix:///var/run/docker.sock`, `npipe://…`, `tcp://…`, `http://…`, `https://…` or `ssh://…`. */
  address: string;
  /** Undefined where TLS is not asked for by whoever names the engine. */
  certificates?: Certificates;
}

/** Files with certificates, as `slipway.json` names them. */
export interface CertificateFiles {
  ca?: string;
  cert?: string;
  key?: string;
}

const CONTEXT = 'context://';

/** How an engine is named that a context of Docker describes. */
export function ofContext(name: string): string {
  return CONTEXT + name;
}

/**
 * The engine that is meant: the one that is named, else that of `DOCKER_HOST`, else that of the context (`DOCKER_CONTEXT`, or the one that
 * `docker context use` chose), else the usual socket of Docker or Podman.
 * @throws UserError `engine-unreachable` for a context that is not there
 */
export function locateEngine(host: string): EngineLocation {
  const named = host.trim();
  if (named.startsWith(CONTEXT)) return locateContext(named.slice(CONTEXT.length));
  if (named) return { address: withScheme(named) };
  const fromEnvironment = process.env['DOCKER_HOST']?.trim();
  if (fromEnvironment) {
    const secure = Boolean(process.env['DOCKER_TLS_VERIFY']);
    return { address: withScheme(fromEnvironment), ...(secure && { certificates: usualCertificates() }) };
  }
  const context = process.env['DOCKER_CONTEXT']?.trim() || currentContext();
  if (context && context !== 'default') return locateContext(context);
  return { address: usualSocket() };
}

/** Of the certificates that Docker's own tools use, those that are there: a server with a known issuer needs none. */
export function usualCertificates(): Certificates {
  return certificatesIn(process.env['DOCKER_CERT_PATH'] || dockerFolder());
}

/** Reads the certificates that a target names. Throws `UserError` `config-invalid` for one that can not be read. */
export function readCertificates(files: CertificateFiles, root: string): Certificates {
  const read = (name: string | undefined) => {
    if (name === undefined) return undefined;
    const file = resolve(root, name.replace(/^~(?=[/\\])/, homedir()));
    try {
      return readFileSync(file);
    } catch (error) {
      const message = `The certificate ${file} can not be read: ${(error as Error).message}.`;
      throw new UserError('config-invalid', message, 'Correct "tls" of the target in slipway.json.', {
        cause: error,
      });
    }
  };
  return { ca: read(files.ca), cert: read(files.cert), key: read(files.key) };
}

function withScheme(address: string): string {
  if (address.includes('://')) return address;
  return address.startsWith('/') ? `unix://${address}` : `tcp://${address}`;
}

function dockerFolder(): string {
  return process.env['DOCKER_CONFIG'] || join(homedir(), '.docker');
}

function currentContext(): string | undefined {
  return readJson<{ currentContext?: string }>(join(dockerFolder(), 'config.json'))?.currentContext;
}

/** Source of the layout: https://github.com/docker/cli/blob/master/cli/context/store/store.go */
function locateContext(name: string): EngineLocation {
  if (name === 'default') return { address: usualSocket() };
  const folder = join(dockerFolder(), 'contexts');
  const id = createHash('sha256').update(name).digest('hex');
  const meta = readJson<ContextMeta>(join(folder, 'meta', id, 'meta.json'));
  const docker = meta?.Endpoints?.docker;
  if (!docker?.Host) throw noContext(name, join(folder, 'meta'));
  const keys = join(folder, 'tls', id, 'docker');
  const secure = docker.SkipTLSVerify || existsSync(keys);
  const certificates = { ...certificatesIn(keys), rejectUnauthorized: !docker.SkipTLSVerify };
  return { address: withScheme(docker.Host), ...(secure && { certificates }) };
}

interface ContextMeta {
  Name?: string;
  Endpoints?: { docker?: { Host?: string; SkipTLSVerify?: boolean } };
}

function noContext(name: string, folder: string): UserError {
  const folders = existsSync(folder) ? readdirSync(folder) : [];
  const names = folders.flatMap((each) => readJson<ContextMeta>(join(folder, each, 'meta.json'))?.Name ?? []);
  const known = ['default', ...names].join(', ');
  return new UserError(
    'engine-unreachable',
    `Docker has no context ${name}. There are: ${known}.`,
    'Name one of them, or make it: docker context create.',
  );
}

function certificatesIn(folder: string): Certificates {
  const read = (name: string) => {
    const file = join(folder, name);
    return existsSync(file) ? readFileSync(file) : undefined;
  };
  return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}

/** What is broken or not there says nothing. */
function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

function usualSocket(): string {
  if (process.platform === 'win32') return 'npipe:////./pipe/docker_engine';
  const system = '/var/run/docker.sock';
  const rootless = process.env['XDG_RUNTIME_DIR'];
  const sockets = [
    system,
    join(homedir(), '.docker/run/docker.sock'),
    join(homedir(), '.docker/desktop/docker.sock'),
    ...(rootless ? [join(rootless, 'docker.sock'), join(rootless, 'podman/podman.sock')] : []),
    '/run/podman/podman.sock',
    join(homedir(), '.local/share/containers/podman/machine/podman.sock'),
  ];
  return `unix://${sockets.find((socket) => existsSync(socket)) ?? system}`;
}
