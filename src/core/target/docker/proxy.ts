import type Docker from 'dockerode';
import { setTimeout as sleep } from 'node:timers/promises';
import { findContainer, removeContainer } from '../../docker/containers';
import { labels } from '../../docker/labels';
import { getFile } from './containerFile';
import { SERVER_PORT } from './names';
import { parseRoutes, type Routes } from './routes';

/** Where HAProxy finds its configuration inside its container. */
export const CONFIG_PATH = '/slipway/haproxy.cfg';
const READS = 3;
const REREAD_MS = 50;

/** The proxy that holds a model's stable address on a target, as the engine knows it. */
export interface Proxy {
  id: string;
  target: string;
  model: string;
  running: boolean;
  port: number | undefined;
  /** Undefined when its configuration is not one of ours. */
  routes: Routes | undefined;
}

/** The proxies of a target. */
export async function listProxies(docker: Docker, target: string, signal: AbortSignal): Promise<Proxy[]> {
  const containers = await docker.listContainers({
    all: true,
    filters: { label: [`${labels.kind}=proxy`, `${labels.target}=${target}`] },
    abortSignal: signal,
  });
  const read = await Promise.all(containers.map(({ Id }) => readProxy(docker, Id, signal)));
  return read.filter((proxy) => proxy !== undefined);
}

/** The proxy of one model; undefined when nothing of it was promoted yet. */
export async function proxyOf(
  docker: Docker,
  of: { target: string; model: string },
  signal: AbortSignal,
): Promise<Proxy | undefined> {
  return (await listProxies(docker, of.target, signal)).find((proxy) => proxy.model === of.model);
}

/** Undefined when it was removed just now. */
async function readProxy(docker: Docker, id: string, signal: AbortSignal): Promise<Proxy | undefined> {
  const [found, routes] = await Promise.all([
    findContainer(docker, id, signal),
    readRoutes(docker.getContainer(id), signal),
  ]);
  if (!found) return undefined;
  const bindings = found.HostConfig.PortBindings as Record<string, { HostPort?: string }[] | undefined>;
  const port = Number(bindings[`${String(SERVER_PORT)}/tcp`]?.[0]?.HostPort);
  return {
    id,
    target: found.Config.Labels[labels.target] ?? '',
    model: found.Config.Labels[labels.model] ?? '',
    running: found.State.Running,
    port: Number.isInteger(port) ? port : undefined,
    routes,
  };
}

/** Whoever writes the configuration just now replaces the file, so that for a moment there is none or half of one. */
async function readRoutes(container: Docker.Container, signal: AbortSignal): Promise<Routes | undefined> {
  for (let attempt = 1; ; attempt++) {
    const config = await getFile(container, CONFIG_PATH, signal);
    const routes = config === undefined ? undefined : parseRoutes(config);
    if (routes || attempt === READS) return routes;
    await sleep(REREAD_MS, undefined, { signal });
  }
}

/** Closes a stable address. */
export async function removeProxy(docker: Docker, proxy: Proxy): Promise<void> {
  await removeContainer(docker, proxy.id);
}
