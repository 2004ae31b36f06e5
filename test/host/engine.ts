import Docker from 'dockerode';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheFolder } from './cache';
import { tail } from './command';

export interface Engine {
  docker: Docker;
  /** Whether this process started it. */
  ours: boolean;
  /** Stops the engine if this process started it. */
  stop(): Promise<void>;
}

/** The engine that answers at the usual place, or one started for now; undefined when there can be none. */
export async function ensureEngine(): Promise<Engine | undefined> {
  const docker = new Docker();
  if (await answers(docker)) return { docker, ours: false, stop: () => Promise.resolve() };
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/usr/sbin/dockerd')) {
    return undefined;
  }
  return { docker, ours: true, stop: await start(docker) };
}

export async function answers(docker: Docker): Promise<boolean> {
  try {
    const silence = sleep(3000, undefined, { ref: false }).then(() => Promise.reject(new Error('no answer')));
    await Promise.race([docker.ping(), silence]);
    return true;
  } catch {
    return false;
  }
}

async function start(docker: Docker): Promise<() => Promise<void>> {
  mkdirSync(cacheFolder, { recursive: true });
  const logFile = join(cacheFolder, 'dockerd.log');
  const log = openSync(logFile, 'w');
  const daemon = spawn('/usr/sbin/dockerd', ['--data-root', '/var/lib/slipway-docker'], {
    stdio: ['ignore', log, log],
    detached: true,
  });
  daemon.unref();
  const ended = new Promise<void>((resolve) => daemon.once('exit', () => resolve()));
  for (const deadline = Date.now() + 30_000; Date.now() < deadline && daemon.exitCode === null;) {
    if (await answers(docker)) {
      return async () => {
        daemon.ref();
        daemon.kill('SIGTERM');
        await ended;
      };
    }
    await sleep(200);
  }
  daemon.kill('SIGKILL');
  throw new Error(`dockerd did not start:\n${tail(await readFile(logFile, 'utf8'), 10)}`);
}
