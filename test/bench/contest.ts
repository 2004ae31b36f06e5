import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Contestant, examine } from './contestant';
import { load, type Load } from './load';
import { memoryOf } from './memory';
import { reasonIn } from './reason';
import { printTable } from './table';

/**
 * Before anything is measured, and again before each number of connections: servers run for days, and their compilers and caches need
 * seconds, also when the traffic changes.
 */
const WARM_UP_SECONDS = 4;
const CHANGE_SECONDS = 2;

const connections = [1, 8, 32];

interface Measured {
  loads: Load[];
  memory: number | undefined;
}

/** A column that says how one of ours does against each row. */
export interface Reference {
  heading: string;
  /** The contestant's name. */
  name: string;
}

/**
 * Requests each second, latency and memory of servers that answer the same question, each alone on the machine, `seconds` for each
 * number of connections. Who can not take part, or answers wrongly, stands below each table with the reason.
 */
export async function measureContest(
  title: string,
  contestants: Contestant[],
  references: Reference[],
  seconds: number,
): Promise<void> {
  const measured = new Map<string, Measured>();
  const absent: string[] = [];
  for (const contestant of contestants) {
    process.stderr.write(`${title}: ${contestant.name}\n`);
    try {
      measured.set(contestant.name, await measure(contestant, seconds));
    } catch (error) {
      absent.push(`${contestant.name}: not measured, ${reasonIn((error as Error).message)}`);
      if (contestant.name.startsWith('Slipway')) process.exitCode = 1;
    }
  }
  for (const [at, count] of connections.entries()) {
    const loadOf = (name: string) => measured.get(name)?.loads[at];
    const known = references.filter(({ name }) => measured.has(name));
    const ratios = (of: 'rate' | 'p99', theirs: Load) =>
      known.map(({ name }) => `${((loadOf(name)?.[of] ?? Number.NaN) / theirs[of]).toFixed(2)} ×`);
    const headings = known.map(({ heading }) => heading);
    printTable(
      [
        ...[`${title}, ${count} at once`, 'req/s', ...headings],
        ...['p50 ms', 'p99 ms', ...headings, 'MiB', 'failed'],
      ],
      [...measured].map(([name, { loads, memory }]) => {
        const own = loads[at] as Load;
        return [
          ...[name, own.rate.toFixed(own.rate < 100 ? 1 : 0), ...ratios('rate', own)],
          ...[own.p50.toFixed(2), own.p99.toFixed(2), ...ratios('p99', own)],
          ...[memory?.toFixed(0) ?? '–', String(own.failed)],
        ];
      }),
      absent,
    );
  }
}

async function measure(contestant: Contestant, seconds: number): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
  try {
    const running = await contestant.start(folder);
    try {
      await examine(running);
      const [question] = running.questions;
      await load(question, 8, WARM_UP_SECONDS);
      const loads: Load[] = [];
      for (const count of connections) {
        await load(question, count, CHANGE_SECONDS);
        loads.push(await load(question, count, seconds));
      }
      return { loads, memory: memoryOf(running.process.pid) };
    } finally {
      await running.process.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
