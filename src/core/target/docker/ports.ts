import type Docker from 'dockerode';
import { connect } from 'node:net';
import { inTime } from '../../docker/inTime';
import { UserError } from '../../errors';

/** Stable ports that no configuration names are the first free one from here on. */
const FIRST_PORT = 8600;
const PORTS = 100;
/** How long a connection attempt may take, in milliseconds; silence counts as free. */
const CONNECT_MS = 1_000;

/** Where a target publishes its ports, and how they are reached from here. */
export interface Publishing {
  /** Address on the engine's machine: `127.0.0.1`. */
  bind: string;
  /** Where people and we find ports published there: `127.0.0.1`, or the host of an engine elsewhere. */
  host: string;
  /** Where ports on the loopback of the engine's machine are reached otherwise: the port here that leads to one there. */
  forward?: (port: number) => Promise<number>;
}

/** The host at which ports published on `bind` are reached; `engineHost` reaches the engine's machine. */
export function reachableHost(bind: string, engineHost: string): string {
  const anyAddress = bind === '0.0.0.0' || bind === '::';
  return anyAddress || isLoopback(bind) ? engineHost.replace(/^\[(.*)\]$/, '$1') : bind;
}

/** Throws when releases would be published where only the engine's own machine reaches them, and that is not this one. */
export function checkReachable(target: string, { bind, host, forward }: Publishing): void {
  if (!isLoopback(bind) || isLoopback(host) || forward) return;
  throw new UserError(
    'config-invalid',
    `Releases on ${target} would answer at ${bind} of ${host} only, where they can not be verified from here.`,
    `Name an address of ${host} at targets.${target}.bind in slipway.json.`,
  );
}

function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1' || host === 'localhost';
}

/** Where a port that is published is reached from here. */
export async function urlOf(publishing: Publishing, port: number): Promise<string> {
  const { bind, forward } = publishing;
  if (forward && isLoopback(bind)) return `http://127.0.0.1:${String(await forward(port))}`;
  const host = publishing.host.includes(':') ? `[${publishing.host}]` : publishing.host;
  return `http://${host}:${String(port)}`;
}

/** Ports for a new stable address, in the order in which to try them: the configured one alone, or those that no container has. */
export async function portsToTry(
  docker: Docker,
  configured: number | undefined,
  signal: AbortSignal,
): Promise<number[]> {
  if (configured !== undefined) return [configured];
  const taken = new Set((await publishedPorts(docker, signal)).map(({ port }) => port));
  return Array.from({ length: PORTS }, (_, index) => FIRST_PORT + index).filter((port) => !taken.has(port));
}

/** Who holds a port on the engine's machine, for people; undefined when it is free. */
export async function holderOf(
  docker: Docker,
  publishing: Publishing,
  port: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const container = (await publishedPorts(docker, signal)).find((published) => published.port === port);
  if (container) return `the container ${container.name}`;
  // What else there is on a machine that is reached through a tunnel only, its engine says when it opens the port.
  if (publishing.forward) return undefined;
  return (await answers(publishing.host, port)) ? 'another program' : undefined;
}

/** The error of a stable port that somebody else has. */
export function portTaken(at: { target: string; model: string }, port: number, holder: string): UserError {
  return new UserError(
    'port-taken',
    `Port ${String(port)}, the stable port of ${at.model} on ${at.target}, is taken by ${holder}.`,
    `Stop what holds it, or name another port at targets.${at.target}.ports.${at.model} in slipway.json.`,
  );
}

async function publishedPorts(
  docker: Docker,
  signal: AbortSignal,
): Promise<{ port: number; name: string }[]> {
  const containers = await inTime(signal, (abortSignal) => docker.listContainers({ abortSignal }));
  return containers.flatMap((container) =>
    container.Ports.filter((published) => published.PublicPort !== undefined).map((published) => ({
      port: published.PublicPort,
      name: container.Names[0]?.slice(1) ?? container.Id,
    })),
  );
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_MS });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
