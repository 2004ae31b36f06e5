import { load, type Load } from './load';
import { memoryOf } from './memory';
import { peers, slipway, type Running } from './peers';
import type { Subject } from './subjects';
import { printTable } from './table';

const connections = [1, 8, 32];

interface Measured {
  loads: Load[];
  memory: number | undefined;
}

/** Requests each second, p99 and memory of the model server against what people write by hand, and against the limit. */
export async function measureEndpoints(subjects: Subject[], seconds: number): Promise<void> {
  for (const subject of subjects) await measure(subject, seconds);
}

async function measure(subject: Subject, seconds: number): Promise<void> {
  const measured = new Map<string, Measured>();
  const ours = slipway(subject);
  for (const start of [...peers(subject), ...ours]) {
    const running = await start();
    measured.set(running.name, await measureOne(running, seconds));
    await running.stop();
  }
  const best = [...measured.keys()].filter((name) => name.startsWith('Slipway'))[0] ?? '';
  for (const [at, count] of connections.entries()) {
    const own = measured.get(best)?.loads[at];
    printTable(
      [
        `${subject.title}, ${count} at once`,
        'req/s',
        'ours is',
        'p50 ms',
        'p99 ms',
        'ours is',
        'MiB',
        'failed',
      ],
      [...measured].map(([name, { loads, memory }]) => {
        const { rate, p50, p99, failed } = loads[at] as Load;
        const ratio = (mine: number | undefined, theirs: number) =>
          mine === undefined ? '' : `${(mine / theirs).toFixed(2)} ×`;
        return [
          name,
          rate.toFixed(0),
          ratio(own?.rate, rate),
          p50.toFixed(2),
          p99.toFixed(2),
          ratio(own?.p99, p99),
          memory?.toFixed(0) ?? '–',
          String(failed),
        ];
      }),
    );
  }
}

async function measureOne({ url, body, pid }: Running, seconds: number): Promise<Measured> {
  await load(url, body, 8, 1);
  const loads: Load[] = [];
  for (const count of connections) loads.push(await load(url, body, count, seconds));
  return { loads, memory: memoryOf(pid) };
}
