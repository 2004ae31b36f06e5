import Docker from 'dockerode';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answers } from '../../host/engine';
import { temporaryFolder } from '../../host/workspace';

/** A Docker engine of a test's own, on a disk that is soon full. */
export interface SmallEngine {
  docker: Docker;
  /** Its address, as the setting takes it. */
  host: string;
  /** Leaves so many mebibytes free on its disk, where there are as many. */
  fill(left: number): void;
  stop(): Promise<void>;
}

/**
 * Starts an engine whose disk has `mebibytes`. It has no network: what is built there is not run. An engine without a bridge removes
 * that of others, so it gets a network namespace of its own.
 */
export async function startSmallEngine(mebibytes: number): Promise<SmallEngine> {
  const folder = await temporaryFolder('small');
  const disk = join(folder, 'disk');
  const log = join(folder, 'log');
  const socketPath = join(folder, 's.sock');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', disk]);
  const output = openSync(log, 'w');
  const daemon = spawn(
    'unshare',
    [
      ...['--net', '/usr/sbin/dockerd'],
      ...['--data-root', join(disk, 'data'), '--exec-root', join(folder, 'x')],
      ...['--pidfile', join(folder, 'pid'), '--host', `unix://${socketPath}`],
      ...['--bridge=none', '--iptables=false', '--ip-masq=false', '--ip-forward=false'],
    ],
    { stdio: ['ignore', output, output] },
  );
  closeSync(output);
  const docker = new Docker({ socketPath });
  const stop = async () => {
    const ended = daemon.exitCode === null && once(daemon, 'exit');
    daemon.kill('SIGTERM');
    await ended;
    execFileSync('umount', ['--lazy', disk]);
  };
  const fill = (left: number) => {
    const filler = join(disk, 'filler');
    rmSync(filler, { force: true });
    const { bavail, bsize } = statfsSync(disk);
    try {
      writeFileSync(filler, Buffer.alloc(Math.max(bavail * bsize - left * 1024 * 1024, 0)));
    } catch (error) {
      // The engine wrote at the same time: it is as full as can be.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  };
  for (let attempt = 0; attempt < 30 && daemon.exitCode === null; attempt++) {
    if (await answers(docker)) return { docker, host: `unix://${socketPath}`, fill, stop };
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  await stop();
  throw new Error(`The small engine did not start:\n${readFileSync(log, 'utf8').slice(-2000)}`);
}
