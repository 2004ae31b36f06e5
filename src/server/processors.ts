import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/**
 * How many processors this process may keep busy, at least 1: no more than its container has time for. Older versions of Node do not know
 * that, and newer ones not of a container whose control groups are of version 1.
 * @param root where the control groups of this container are
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files and https://docs.kernel.org/scheduler/sched-bwc.html
 */
export function processors(root = '/sys/fs/cgroup'): number {
  const quota = quotaIn(root);
  const whole = Math.max(1, Math.floor(quota));
  return Math.min(availableParallelism(), whole);
}

/**
 * How many cores the processors of this machine are in, where the system says so: those in one core share what computes.
 * @param root where the system tells of its processors
 * @see https://docs.kernel.org/admin-guide/cputopology.html
 */
export function cores(root = '/sys/devices/system/cpu'): number | undefined {
  const siblings = new Set(
    namesIn(root)
      .filter((name) => /^cpu\d+$/.test(name))
      .map((name) => textAt(root, name, 'topology', 'thread_siblings_list')),
  );
  siblings.delete('');
  return siblings.size || undefined;
}

/** As many threads as can compute at the same time: one for each core that this process may keep busy. */
export function usableCores(): number {
  const own = processors();
  return Math.min(own, cores() ?? own);
}

/** How many processors there is time for; infinite where there is no limit. */
function quotaIn(root: string): number {
  const [two = 'max', period] = textAt(root, 'cpu.max').split(' ');
  if (Number(two) > 0) return Number(two) / Number(period);
  const one = Number(textAt(root, 'cpu', 'cpu.cfs_quota_us'));
  return one > 0 ? one / Number(textAt(root, 'cpu', 'cpu.cfs_period_us')) : Infinity;
}

/** None where there is no such folder, as on other systems. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Empty where there is no such file, as on other systems. */
function textAt(...path: string[]): string {
  try {
    return readFileSync(join(...path), 'utf8').trim();
  } catch {
    return '';
  }
}
