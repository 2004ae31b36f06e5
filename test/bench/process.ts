import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { processTree } from './memory';
import { reasonIn } from './reason';

/** A server's process, with all that it starts. */
export interface ServerProcess {
  pid: number;
  /** What it has printed so far. */
  printed(): Promise<string>;
  /** How it ended, in words, unless it still runs. */
  ended(): string | undefined;
  stop(): Promise<void>;
}

const running = new Set<number>();
process.once('exit', () => [...running].flatMap(processTree).forEach(kill));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** Starts a server in `folder`, where its output is kept as `output.log`. Rejects when its program is not there. */
export async function startProcess(
  command: string[],
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<ServerProcess> {
  const log = join(folder, 'output.log');
  const output = openSync(log, 'w');
  const child = spawn(command[0] ?? '', command.slice(1), {
    cwd: folder,
    env,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  await new Promise((done, fail) => child.once('spawn', done).once('error', fail));
  const pid = child.pid as number;
  running.add(pid);
  return {
    pid,
    printed: () => readFile(log, 'utf8'),
    ended: () => (isOver(child) ? `it ended with ${child.exitCode ?? child.signalCode}` : undefined),
    async stop() {
      const exit = isOver(child) ? undefined : new Promise((done) => child.once('exit', done));
      const tree = processTree(pid);
      child.kill('SIGTERM');
      await Promise.race([exit, wait(5000)]);
      tree.forEach(kill);
      await exit;
      running.delete(pid);
    },
  };
}

/** Waits until `check` answers something; rejects with what the server printed last when it ends or takes longer than `seconds`. */
export async function ready<T>(
  server: ServerProcess,
  check: () => Promise<T | undefined>,
  seconds: number,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await check();
    if (found !== undefined) return found;
    const why = server.ended() ?? (Date.now() > end ? `it did not answer within ${seconds} s` : undefined);
    if (why) throw new Error(`${why}: ${reasonIn(await server.printed())}`);
    await wait(100);
  }
}

function isOver(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
