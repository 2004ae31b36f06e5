import { readFileSync } from 'node:fs';
import type { Usage } from './frames';

/** Pages are 4 KiB and ticks 10 ms on every Linux that Node has binaries for, but for pages on some arm64 kernels. */
const ticksPerSecond = 100;

/** What a process uses right now, also while it is busy; undefined where the system does not say (it does on Linux). */
export function usageOf(pid: number | undefined): Usage | undefined {
  if (pid === undefined || process.platform !== 'linux') return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
    const status = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return status ? { rss: Number(status[1]) * 1024, cpuSeconds } : undefined;
  } catch {
    return undefined;
  }
}
