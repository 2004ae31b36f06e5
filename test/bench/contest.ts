import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Contestant, examine, type Running } from './contestant';
import { load, type Load } from './load';
import { memoryOf } from './memory';
import { reasonIn } from './reason';
import { printTable } from './table';

/**
 * Before anything is measured, and again before each number of connections: servers run for days, and their compilers and caches need
 * seconds, also when the traffic changes.
 */
const WARM_UP_SECONDS = 4;
const CHANGE_SECONDS = 4;
/** How often each is measured for each number of connections, by turns with the others: a machine is not equally fast all the time. */
const TURNS = 3;

const connections = [1, 8, 32];

/** A contestant whose server is up. */
interface Entrant {
  name: string;
  folder: string;
  running: Running;
}

/** What a server did in one number of connections: the median of its turns. */
interface Result extends Load {
  memory: number | undefined;
}

/** A column that says how one of ours does against each row. */
export interface Reference {
  heading: string;
  /** The contestant's name. */
  name: string;
}

/**
 * Requests each second, latency and memory of servers that answer the same question, one asked at a time while the others wait: in turns
 * of `seconds` each, for each number of connections. Who can not take part, or answers wrongly, stands below each table with the reason.
 */
export async function measureContest(
  title: string,
  contestants: Contestant[],
  references: Reference[],
  seconds: number,
): Promise<void> {
  const entrants = new Map<string, Entrant>();
  const absent: string[] = [];
  const drop = async (name: string, error: unknown): Promise<void> => {
    absent.push(`${name}: not measured, ${reasonIn((error as Error).message)}`);
    if (name.startsWith('Slipway')) process.exitCode = 1;
    const entrant = entrants.get(name);
    entrants.delete(name);
    if (entrant) await leave(entrant);
  };
  const each = async (doing: string, work: (entrant: Entrant) => Promise<unknown>): Promise<void> => {
    for (const entrant of [...entrants.values()]) {
      process.stderr.write(`${title}, ${doing}: ${entrant.name}\n`);
      await work(entrant).catch((error: unknown) => drop(entrant.name, error));
    }
  };
  try {
    for (const contestant of contestants) {
      process.stderr.write(`${title}, start: ${contestant.name}\n`);
      await enter(contestant).then(
        (entrant) => entrants.set(entrant.name, entrant),
        (error: unknown) => drop(contestant.name, error),
      );
    }
    await each('check', ({ running }) => examine(running));
    await each('warm-up', ({ running }) => load(running.questions[0], 8, WARM_UP_SECONDS));
    for (const count of connections) {
      const loads = new Map<string, Load[]>();
      await each(`${count} at once, warm-up`, ({ running }) =>
        load(running.questions[0], count, CHANGE_SECONDS),
      );
      for (let turn = 1; turn <= TURNS; turn++) {
        await each(`${count} at once, turn ${turn}`, async ({ name, running }) => {
          loads.set(name, [...(loads.get(name) ?? []), await load(running.questions[0], count, seconds)]);
        });
      }
      const results = [...entrants.values()].map(({ name, running }): [string, Result] => {
        const memory = memoryOf(running.process.pid);
        return [name, { ...medianOf(loads.get(name) ?? []), memory }];
      });
      print(`${title}, ${count} at once`, new Map(results), references, absent);
    }
  } finally {
    await Promise.all([...entrants.values()].map(leave));
  }
}

function print(
  heading: string,
  results: Map<string, Result>,
  references: Reference[],
  absent: string[],
): void {
  const known = references.flatMap(({ heading: words, name }) => {
    const result = results.get(name);
    return result ? [{ words, result }] : [];
  });
  const ratios = (of: 'rate' | 'p99', theirs: Load) =>
    known.map(({ result }) => `${(result[of] / theirs[of]).toFixed(2)} ×`);
  const headings = known.map(({ words }) => words);
  printTable(
    [...[heading, 'req/s', ...headings], ...['p50 ms', 'p99 ms', ...headings, 'MiB', 'failed']],
    [...results].map(([name, own]) => [
      ...[name, own.rate.toFixed(own.rate < 100 ? 1 : 0), ...ratios('rate', own)],
      ...[own.p50.toFixed(2), own.p99.toFixed(2), ...ratios('p99', own)],
      ...[own.memory?.toFixed(0) ?? '–', String(own.failed)],
    ]),
    absent,
  );
}

/** Of each figure its own median; all that failed counts. */
function medianOf(loads: Load[]): Load {
  const median = (of: (load: Load) => number) =>
    loads.map(of).sort((a, b) => a - b)[Math.floor(loads.length / 2)] ?? Number.NaN;
  return {
    rate: median(({ rate }) => rate),
    p50: median(({ p50 }) => p50),
    p99: median(({ p99 }) => p99),
    failed: loads.reduce((sum, { failed }) => sum + failed, 0),
  };
}

async function enter(contestant: Contestant): Promise<Entrant> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
  try {
    return { name: contestant.name, folder, running: await contestant.start(folder) };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function leave({ folder, running }: Entrant): Promise<void> {
  await running.process.stop();
  await rm(folder, { recursive: true, force: true });
}
