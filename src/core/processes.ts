import { setTimeout as sleep } from 'node:timers/promises';

const pause = 50;

/** Whether a process with this id runs. It may be another one than it once was. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Asks a process to end, ends it when it has not after `grace` milliseconds, and resolves when it is gone. */
export async function endProcess(pid: number, grace: number): Promise<void> {
  signalTo(pid, 'SIGTERM');
  if (await goneWithin(pid, grace)) return;
  signalTo(pid, 'SIGKILL');
  await goneWithin(pid, grace);
}

async function goneWithin(pid: number, milliseconds: number): Promise<boolean> {
  for (const deadline = Date.now() + milliseconds; isAlive(pid);) {
    if (Date.now() > deadline) return false;
    await sleep(pause);
  }
  return true;
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}
