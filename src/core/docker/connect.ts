import type Docker from 'dockerode';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UserError, messageOf } from '../errors';

// To load it takes longer than all the rest of the extension: only who uses an engine waits for that.
// eslint-disable-next-line @typescript-eslint/no-require-imports -- an import is loaded at the start
const loadClient = () => require('dockerode') as typeof Docker;

const localSchemes = ['unix', 'npipe'];
const remoteSchemes = ['tcp', 'http', 'https'];

/**
 * The engine at an address: `unix://`, `npipe://`, `tcp://`, `http://` or `https://`; empty for `DOCKER_HOST` or the usual
 * socket. Nothing is asked of it yet. TLS, with the certificates at `DOCKER_CERT_PATH`, is spoken with `https://`, on port 2376
 * and where `DOCKER_TLS_VERIFY` asks for it.
 */
export function connect(host: string): Docker {
  const address = engineAddress(host);
  const [scheme, rest] = splitAddress(address);
  // The client fills what is not named here from the environment, so that all of it is.
  const plain = { protocol: 'http', ca: undefined, cert: undefined, key: undefined } as const;
  const Client = loadClient();
  try {
    if (localSchemes.includes(scheme)) {
      return new Client({ ...plain, socketPath: rest, host: undefined, port: undefined });
    }
    const url = new URL(`tcp://${rest}`);
    const secure = scheme === 'https' || (scheme === 'tcp' && wantsTls(url.port, host));
    const where = {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port || (secure ? '2376' : '2375'),
    };
    return new Client({ ...plain, ...where, ...(secure ? { protocol: 'https', ...certificates() } : {}) });
  } catch (error) {
    throw unusable(address, messageOf(error), { cause: error });
  }
}

/** Where {@link connect} finds the engine, for people: `unix:///var/run/docker.sock`. */
export function engineAddress(host: string): string {
  const address = host.trim() || process.env['DOCKER_HOST']?.trim() || usualSocket();
  if (address.includes('://')) return address;
  return address.startsWith('/') ? `unix://${address}` : `tcp://${address}`;
}

/** The name or address of the machine on which the engine publishes ports, as seen from here. */
export function engineHostName(host: string): string {
  const [scheme, rest] = splitAddress(engineAddress(host));
  if (localSchemes.includes(scheme)) return '127.0.0.1';
  const { hostname } = new URL(`tcp://${rest}`);
  return hostname === 'localhost' ? '127.0.0.1' : hostname;
}

function splitAddress(address: string): [scheme: string, rest: string] {
  const at = address.indexOf('://');
  const [scheme, rest] = [address.slice(0, at), address.slice(at + 3)];
  const local = localSchemes.includes(scheme) && rest !== '';
  if (local || (remoteSchemes.includes(scheme) && URL.canParse(`tcp://${rest}`))) return [scheme, rest];
  const schemes = [...localSchemes, ...remoteSchemes].map((each) => `${each}://`);
  throw unusable(address, `Slipway can use ${schemes.join(', ')}`);
}

function usualSocket(): string {
  if (process.platform === 'win32') return 'npipe:////./pipe/docker_engine';
  const system = '/var/run/docker.sock';
  const rootless = process.env['XDG_RUNTIME_DIR'];
  const sockets = [
    system,
    join(homedir(), '.docker/run/docker.sock'),
    join(homedir(), '.docker/desktop/docker.sock'),
    ...(rootless ? [join(rootless, 'docker.sock')] : []),
  ];
  return `unix://${sockets.find((socket) => existsSync(socket)) ?? system}`;
}

function wantsTls(port: string, host: string): boolean {
  const fromEnvironment = host.trim() === '';
  return port === '2376' || (fromEnvironment && Boolean(process.env['DOCKER_TLS_VERIFY']));
}

/** Of the certificates that Docker's own tools use, those that are there: a server with a known issuer needs none. */
function certificates(): { ca?: Buffer; cert?: Buffer; key?: Buffer } {
  const folder = process.env['DOCKER_CERT_PATH'] || join(homedir(), '.docker');
  const read = (name: string) => {
    const file = join(folder, name);
    return existsSync(file) ? readFileSync(file) : undefined;
  };
  return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}

function unusable(address: string, why: string, options?: ErrorOptions): UserError {
  return new UserError(
    'engine-unreachable',
    `${address} is no address of a Docker engine that can be used: ${why}.`,
    'Correct slipway.docker.host, DOCKER_HOST or the "host" of the target.',
    options,
  );
}
