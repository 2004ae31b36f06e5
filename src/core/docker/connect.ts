import type Docker from 'dockerode';
import type { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { UserError, messageOf } from '../errors';
import { shownAddress } from '../secrets';
import { locateEngine, usualCertificates, type Certificates } from './engineLocation';
import { sshAgent, sshForward } from './ssh';

// To load it takes longer than all the rest of the extension: only who uses an engine waits for that.
// eslint-disable-next-line @typescript-eslint/no-require-imports -- an import is loaded at the start
const loadClient = () => require('dockerode') as typeof Docker;

const localSchemes = ['unix', 'npipe'];
const remoteSchemes = ['tcp', 'http', 'https', 'ssh'];

/**
 * The engine at an address: `unix://`, `npipe://`, `tcp://`, `http://`, `https://`, `ssh://` or `context://NAME`; empty for `DOCKER_HOST`, the
 * chosen context or the usual socket. Nothing is asked of it yet. TLS is spoken with `https://`, on port 2376, where `DOCKER_TLS_VERIFY` or
 * the context asks for it, and with the certificates that are given.
 */
export function connect(host: string, given?: Certificates): Docker {
  const { address } = locateEngine(host);
  const [scheme, rest] = splitAddress(address);
  // The client fills what is not named here from the environment, so that all of it is.
  const plain = { protocol: 'http', ca: undefined, cert: undefined, key: undefined } as const;
  const Client = loadClient();
  try {
    if (localSchemes.includes(scheme)) {
      return new Client({ ...plain, socketPath: rest, host: undefined, port: undefined });
    }
    const url = new URL(`tcp://${rest}`);
    if (scheme === 'ssh') {
      return new Client(withAgent({ ...plain, host: url.hostname, port: 80 }, sshAgent(address)));
    }
    const certificates = certificatesFor(host, given);
    const where = {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port || (certificates ? '2376' : '2375'),
    };
    if (!certificates) return new Client({ ...plain, ...where });
    const { rejectUnauthorized = true, ...keys } = certificates;
    const encrypted = { ...plain, ...where, protocol: 'https' as const, ...keys };
    return new Client(
      rejectUnauthorized ? encrypted : withAgent(encrypted, new SecureAgent({ ...keys, rejectUnauthorized })),
    );
  } catch (error) {
    throw unusable(address, messageOf(error), { cause: error });
  }
}

/** With which certificates {@link connect} speaks TLS; undefined where it does not. */
export function certificatesFor(host: string, given?: Certificates): Certificates | undefined {
  const { address, certificates = given } = locateEngine(host);
  const [scheme] = splitAddress(address);
  if (scheme !== 'https' && (scheme !== 'tcp' || (!certificates && new URL(address).port !== '2376'))) {
    return undefined;
  }
  return certificates ?? usualCertificates();
}

/** Where {@link connect} finds the engine, for people and without a password: `unix:///var/run/docker.sock`. */
export function engineAddress(host: string): string {
  try {
    return shownAddress(locateEngine(host).address);
  } catch {
    // Whoever connects is told why.
    return shownAddress(host);
  }
}

/** Whether the engine is reached by a socket or pipe of this machine. */
export function isLocal(host: string): boolean {
  const [scheme] = splitAddress(locateEngine(host).address);
  return localSchemes.includes(scheme);
}

/** The name or address of the machine on which the engine publishes ports, as seen from here. */
export function engineHostName(host: string): string {
  const [scheme, rest] = splitAddress(locateEngine(host).address);
  if (localSchemes.includes(scheme)) return '127.0.0.1';
  const { hostname } = new URL(`tcp://${rest}`);
  return hostname === 'localhost' ? '127.0.0.1' : hostname;
}

/**
 * How ports on the loopback of the engine's machine are reached, where that is another one: the port here that leads to one there.
 * Undefined where there is no such way.
 */
export function engineForward(host: string): ((port: number) => Promise<number>) | undefined {
  const { address } = locateEngine(host);
  return address.startsWith('ssh://') ? (port) => sshForward(address, port) : undefined;
}

/** `@types/dockerode` does not know that the client takes one. */
function withAgent(options: Docker.DockerOptions, agent: Agent): Docker.DockerOptions {
  return Object.assign(options, { agent });
}

function splitAddress(address: string): [scheme: string, rest: string] {
  const at = address.indexOf('://');
  const [scheme, rest] = [address.slice(0, at), address.slice(at + 3)];
  const local = localSchemes.includes(scheme) && rest !== '';
  if (local || (remoteSchemes.includes(scheme) && URL.canParse(`tcp://${rest}`))) return [scheme, rest];
  const schemes = [...localSchemes, ...remoteSchemes].map((each) => `${each}://`);
  throw unusable(address, `Slipway can use ${schemes.join(', ')}`);
}

function unusable(address: string, why: string, options?: ErrorOptions): UserError {
  return new UserError(
    'engine-unreachable',
    `${shownAddress(address)} is no address of a Docker engine that can be used: ${why}.`,
    'Correct slipway.docker.host, DOCKER_HOST or the "host" of the target.',
    options,
  );
}
