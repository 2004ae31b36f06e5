import type Docker from 'dockerode';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLogs, startContainer } from '../../docker/containers';
import { statusOf } from '../../docker/dockerErrors';
import { inTime } from '../../docker/inTime';
import { UserError } from '../../errors';
import { putFile } from './containerFile';
import { answersReady, get } from '../http';
import type { StillHeld } from './lock';
import { urlOf, type Publishing } from './ports';
import { CONFIG_PATH, type Proxy } from './proxy';
import { GENERATION_PATH, HARD_STOP_SECONDS, probePath, proxyConfig } from './proxyConfig';
import type { Routes } from './routes';

/** How long the proxy may take until it works by a new configuration, in milliseconds. */
const ACTIVATE_MS = 10_000;
/** How long it may take until it is told again: HAProxy loses a signal that comes while it still does what the one before said. */
const RELOAD_MS = 1_000;
/** How long putting the routes before back may take, in milliseconds. It can not be cancelled. */
const RESTORE_MS = 15_000;
/** How long a write is waited for that was cancelled, in milliseconds. */
const SETTLE_MS = 2_000;
/** How often an engine may be silent when it is asked who still answers, before that is given up. */
const SILENCES = 2;
const POLL_MS = 100;
/** An engine takes the old file away before it writes the new one: that there is room for it is tried here first. */
const SPARE_PATH = `${CONFIG_PATH}.next`;
const LOG_LINES = 5;

/**
 * Makes the proxy work by other routes without dropping a connection; nobody is led to a release before the proxy has reached it. When it
 * does not, it works by the routes before, unless the lock was lost meanwhile. Resolves to the workers that still answer what was asked before.
 */
export async function switchRoutes(
  docker: Docker,
  proxy: Proxy,
  routes: Routes,
  publishing: Publishing,
  stillHeld: StillHeld,
  signal: AbortSignal,
): Promise<number[]> {
  const container = docker.getContainer(proxy.id);
  const url = await urlOf(publishing, proxy.port ?? NaN);
  const load = async (those: Routes, probed: Routes['weights'], limit: AbortSignal) => {
    await stillHeld();
    await loadRoutes(container, url, those, probed, limit);
  };
  const { routes: before, running } = proxy;
  try {
    if (running && before) {
      await load(before, routes.weights, signal);
      await untilReached(container, url, routes, signal);
    }
    const workers = running ? await workersOf(container, signal) : [];
    await load(routes, [], signal);
    await untilAnswers(container, url, routes, signal);
    return workers;
  } catch (error) {
    if (before) {
      const restored = (limit: AbortSignal) => load(before, [], limit);
      await inTime(new AbortController().signal, restored, RESTORE_MS);
    }
    throw error;
  }
}

/** Resolves when these workers have answered all that they were asked. They end by themselves after a while. */
export async function untilDrained(docker: Docker, proxy: Proxy, workers: number[]): Promise<void> {
  const container = docker.getContainer(proxy.id);
  const deadline = Date.now() + (HARD_STOP_SECONDS + 5) * 1000;
  for (let silences = 0; silences < SILENCES && Date.now() < deadline; await sleep(POLL_MS)) {
    try {
      const now = await workersOf(container, new AbortController().signal);
      if (!now.some((worker) => workers.includes(worker))) return;
    } catch (error) {
      // It is stopped or gone, and its workers with it.
      if (statusOf(error) !== undefined) return;
      silences++;
    }
  }
}

/** Process ids of the proxy's workers: of what runs in the container, those without children. */
async function workersOf(container: Docker.Container, signal: AbortSignal): Promise<number[]> {
  const top = () => container.top() as Promise<{ Titles: string[]; Processes: string[][] }>;
  const { Titles, Processes } = await inTime(signal, top);
  const column = (title: string) => Processes.map((process) => Number(process[Titles.indexOf(title)]));
  const parents = new Set(column('PPID'));
  return column('PID').filter((pid) => !parents.has(pid));
}

/**
 * Makes the proxy work by these routes, and resolves when it does.
 * @param probed as for {@link proxyConfig}
 */
async function loadRoutes(
  container: Docker.Container,
  url: string,
  routes: Routes,
  probed: Routes['weights'],
  signal: AbortSignal,
): Promise<void> {
  const generation = randomUUID();
  await write(container, proxyConfig(routes, generation, probed), signal);
  const { State } = await inTime(signal, (abortSignal) => container.inspect({ abortSignal }));
  if (!State.Running) await startContainer(container, signal);
  let told = State.Running ? 0 : Infinity;
  const isActive = async () => {
    if ((await get(url + GENERATION_PATH, signal))?.body === generation) return true;
    if (Date.now() - told > RELOAD_MS) {
      told = Date.now();
      await inTime(signal, () => container.kill({ signal: 'SIGUSR2' }));
    }
    return false;
  };
  await until(isActive, signal, () => failure(container, url, routes, 'does not take its new routes'));
}

/** A write that is cancelled is waited for a little: it is not to come after the one that takes it back. */
async function write(container: Docker.Container, config: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const put = async () => {
    await putFile(container, SPARE_PATH, config);
    await putFile(container, CONFIG_PATH, config);
  };
  const written = put();
  try {
    await inTime(signal, () => written);
  } catch (error) {
    const ended = () => written.catch(() => undefined);
    await inTime(new AbortController().signal, ended, SETTLE_MS).catch(() => undefined);
    throw error;
  }
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

/** Resolves when the routes that the proxy works by lead to an answer. */
export async function untilAnswers(
  container: Docker.Container,
  url: string,
  routes: Routes,
  signal: AbortSignal,
): Promise<void> {
  const answers = () => answersReady(url, signal);
  await until(answers, signal, () => failure(container, url, routes, 'leads to no release that is ready'));
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
  const log = await inTime(new AbortController().signal, () => lastLogs(container, LOG_LINES)).catch(
    () => '',
  );
  return new UserError(
    'engine-refused',
    `The proxy of ${model} on ${target}, at ${url}, ${what}. The last lines of its log:\n${log}`,
    'Check that slipway.image.proxy is an image with HAProxy 2.6 or newer.',
  );
}
