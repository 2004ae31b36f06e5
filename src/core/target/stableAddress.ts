import type Docker from 'dockerode';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHardened, removeContainer } from '../docker/containers';
import { asUserError } from '../docker/dockerErrors';
import { labels } from '../docker/labels';
import { UserError } from '../errors';
import type { TaskContext } from '../task';
import { getFile, putFile } from './containerFile';
import { get } from './http';
import { SERVER_PORT, networkName, proxyName } from './names';
import { holderOf, portTaken, portsToTry, urlOf, type Publishing } from './ports';
import { GENERATION_PATH, HARD_STOP_SECONDS, proxyConfig } from './proxyConfig';
import { parseRoutes, type Routes } from './routes';
import type { Site } from './site';

const CONFIG_PATH = '/slipway/haproxy.cfg';
/** How long the proxy may take until it works by a new configuration, in milliseconds. */
const ACTIVATE_MS = 10_000;
const POLL_MS = 100;

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
  return Promise.all(containers.map(({ Id }) => readProxy(docker, Id)));
}

/** The proxy of one model; undefined when nothing of it was promoted yet. */
export async function proxyOf(
  docker: Docker,
  of: { target: string; model: string },
  signal: AbortSignal,
): Promise<Proxy | undefined> {
  return (await listProxies(docker, of.target, signal)).find((proxy) => proxy.model === of.model);
}

async function readProxy(docker: Docker, id: string): Promise<Proxy> {
  const container = docker.getContainer(id);
  const [found, config] = await Promise.all([container.inspect(), getFile(container, CONFIG_PATH)]);
  const bindings = found.HostConfig.PortBindings as Record<string, { HostPort?: string }[] | undefined>;
  const port = Number(bindings[`${String(SERVER_PORT)}/tcp`]?.[0]?.HostPort);
  return {
    id,
    target: found.Config.Labels[labels.target] ?? '',
    model: found.Config.Labels[labels.model] ?? '',
    running: found.State.Running,
    port: Number.isInteger(port) ? port : undefined,
    routes: config === undefined ? undefined : parseRoutes(config),
  };
}

/**
 * Makes the stable address of a model: a proxy that works by `routes`. When that fails nothing is left.
 * @param wanted The configured port; undefined for the first free one.
 */
export async function createAddress(
  site: Site,
  routes: Routes,
  wanted: number | undefined,
  task: TaskContext,
): Promise<void> {
  for (const port of await portsToTry(site.docker, wanted)) {
    task.report(`Opening port ${String(port)}`);
    const container = await createProxy(site, routes, port);
    try {
      await putFile(container, CONFIG_PATH, proxyConfig(routes));
      await container.start();
      await untilActive(urlOf(site.publishing, port), routes, task.signal);
      return;
    } catch (error) {
      await removeContainer(site.docker, container.id).catch(() => undefined);
      if (asUserError(error, 'open a port').code !== 'port-taken') throw error;
      const holder = await holderOf(site.docker, site.publishing, port);
      if (wanted !== undefined) throw portTaken(routes, port, holder ?? 'another program');
    }
  }
  throw new UserError(
    'port-taken',
    `No port is free for the stable address of ${routes.model} on ${routes.target}.`,
    `Name one at targets.${routes.target}.ports.${routes.model} in slipway.json.`,
  );
}

function createProxy(site: Site, routes: Routes, port: number): Promise<Docker.Container> {
  return createHardened(site.docker, {
    name: proxyName(routes.target, routes.model),
    Image: site.proxyImage,
    Entrypoint: ['haproxy'],
    Cmd: ['-W', '-db', '-f', CONFIG_PATH],
    Labels: { [labels.kind]: 'proxy', [labels.target]: routes.target, [labels.model]: routes.model },
    network: networkName(routes.target),
    publish: { [SERVER_PORT]: { bind: site.publishing.bind, port } },
    // The configuration lives there; only root could write it from inside.
    writableRoot: true,
    // Without a stop signal of its own, an engine takes the signal for a reload as a wish to stop and never restarts it.
    StopSignal: 'SIGTERM',
    // Not `unless-stopped`: engines remember the signal for a reload as a stop.
    restart: 'always',
  });
}

/**
 * Makes the proxy work by other routes without dropping a connection. When it does not, it is put back to the ones before.
 * Resolves to the workers that still answer what was asked before.
 */
export async function switchRoutes(
  docker: Docker,
  proxy: Proxy,
  routes: Routes,
  publishing: Publishing,
  signal: AbortSignal,
): Promise<number[]> {
  const container = docker.getContainer(proxy.id);
  const url = urlOf(publishing, proxy.port ?? NaN);
  const before = await getFile(container, CONFIG_PATH);
  const workers = proxy.running ? await workersOf(container) : [];
  const activate = async (config: string) => {
    await putFile(container, CONFIG_PATH, config);
    if (proxy.running) await container.kill({ signal: 'SIGUSR2' });
    else await container.start();
  };
  try {
    await activate(proxyConfig(routes));
    await untilActive(url, routes, signal);
    return workers;
  } catch (error) {
    if (before !== undefined) await activate(before);
    throw error;
  }
}

/** Resolves when these workers have answered all that they were asked. They end by themselves after a while. */
export async function untilDrained(docker: Docker, proxy: Proxy, workers: number[]): Promise<void> {
  const container = docker.getContainer(proxy.id);
  const deadline = Date.now() + (HARD_STOP_SECONDS + 5) * 1000;
  while (Date.now() < deadline) {
    const now = await workersOf(container).catch(() => []);
    if (!now.some((worker) => workers.includes(worker))) return;
    await sleep(POLL_MS);
  }
}

/** Process ids of the proxy's workers: of what runs in the container, those without children. */
async function workersOf(container: Docker.Container): Promise<number[]> {
  const { Titles, Processes } = (await container.top()) as { Titles: string[]; Processes: string[][] };
  const column = (title: string) => Processes.map((process) => Number(process[Titles.indexOf(title)]));
  const parents = new Set(column('PPID'));
  return column('PID').filter((pid) => !parents.has(pid));
}

async function untilActive(url: string, routes: Routes, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + ACTIVATE_MS;
  for (;;) {
    const generation = await get(url + GENERATION_PATH, signal);
    const isNew = generation?.body === routes.generation;
    const health = isNew ? await get(`${url}/v2/health/ready`, signal) : undefined;
    if (health?.status === 200) return;
    if (Date.now() > deadline) {
      const why = isNew ? `answers ${String(health?.status ?? 'nothing')}` : 'does not take its new routes';
      throw new UserError(
        'engine-refused',
        `The proxy of ${routes.model} on ${routes.target} ${why} at ${url}.`,
        `Look at the log of its container, ${proxyName(routes.target, routes.model)}.`,
      );
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** Closes a stable address. */
export async function removeProxy(docker: Docker, proxy: Proxy): Promise<void> {
  await removeContainer(docker, proxy.id);
}
