import { readdirSync, readFileSync } from 'node:fs';

/** Resident memory of a process and all that it started, in MiB; undefined where the system does not say. */
export function memoryOf(pid: number | undefined): number | undefined {
  if (pid === undefined || process.platform !== 'linux') return undefined;
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const parent = Number(read(`/proc/${name}/stat`).split(') ')[1]?.split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const sum = (of: number): number => {
    const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${of}/status`))?.[1] ?? 0);
    return (children.get(of) ?? []).reduce((total, child) => total + sum(child), kilobytes);
  };
  return sum(pid) / 1024;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
