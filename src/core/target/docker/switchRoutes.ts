import type Docker from 'dockerode';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLogs } from '../../docker/containers';
import { UserError } from '../../errors';
import { getFile, putFile } from './containerFile';
import { get } from '../http';
import { urlOf, type Publishing } from './ports';
import { CONFIG_PATH, type Proxy } from './proxy';
import { GENERATION_PATH, HARD_STOP_SECONDS, probePath, proxyConfig } from './proxyConfig';
import type { Routes } from './routes';

/** How long the proxy may take until it works by a new configuration, in milliseconds. */
const ACTIVATE_MS = 10_000;
const POLL_MS = 100;
const LOG_LINES = 5;

/**
 * Makes the proxy work by other routes without dropping a connection; nobody is led to a release before the proxy has reached it. When it
 * does not, it works by the routes before. Resolves to the workers that still answer what was asked before.
 */
export async function switchRoutes(
  docker: Docker,
  proxy: Proxy,
  routes: Routes,
  publishing: Publishing,
  signal: AbortSignal,
): Promise<number[]> {
  const container = docker.getContainer(proxy.id);
  const url = await urlOf(publishing, proxy.port ?? NaN);
  const before = await getFile(container, CONFIG_PATH, signal);
  try {
    if (proxy.running && proxy.routes) {
      await load(container, proxyConfig(proxy.routes, routes.weights));
      await untilReached(container, url, routes, signal);
    }
    const workers = proxy.running ? await workersOf(container) : [];
    await load(container, proxyConfig(routes));
    await untilActive(container, url, routes, signal);
    return workers;
  } catch (error) {
    if (before !== undefined) await load(container, before);
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

/** Makes the proxy work by a configuration, from now on or from its start on. */
async function load(container: Docker.Container, config: string): Promise<void> {
  await putFile(container, CONFIG_PATH, config);
  const { State } = await container.inspect();
  if (State.Running) await container.kill({ signal: 'SIGUSR2' });
  else await container.start();
}

/** Resolves when the proxy has reached every release of these routes, which need not be its own yet. */
async function untilReached(
  container: Docker.Container,
  url: string,
  routes: Routes,
  signal: AbortSignal,
): Promise<void> {
  for (const { revision } of routes.weights) {
    const reaches = async () => (await get(url + probePath(revision), signal))?.status === 200;
    await until(reaches, signal, () =>
      failure(container, url, routes, `does not reach revision ${revision}`),
    );
  }
}

/** Resolves when the proxy works by these routes and they lead to an answer. */
export async function untilActive(
  container: Docker.Container,
  url: string,
  routes: Routes,
  signal: AbortSignal,
): Promise<void> {
  const isActive = async () =>
    (await get(url + GENERATION_PATH, signal))?.body === routes.generation &&
    (await get(`${url}/v2/health/ready`, signal))?.status === 200;
  await until(isActive, signal, () => failure(container, url, routes, 'does not take its new routes'));
}

async function until(
  done: () => Promise<boolean>,
  signal: AbortSignal,
  late: () => Promise<UserError>,
): Promise<void> {
  const deadline = Date.now() + ACTIVATE_MS;
  while (!(await done())) {
    if (Date.now() > deadline) throw await late();
    await sleep(POLL_MS, undefined, { signal });
  }
}

async function failure(
  container: Docker.Container,
  url: string,
  { model, target }: Routes,
  what: string,
): Promise<UserError> {
  const log = await lastLogs(container, LOG_LINES).catch(() => '');
  return new UserError(
    'engine-refused',
    `The proxy of ${model} on ${target}, at ${url}, ${what}. The last lines of its log:\n${log}`,
    'Check that slipway.image.proxy is an image with HAProxy 2.6 or newer.',
  );
}
