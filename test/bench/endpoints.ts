import { load, type Load } from './load';
import { peers, slipway, type Running } from './peers';
import { printTable } from './table';

const connections = [1, 8, 32];

/** Requests each second and p99 of the model server against what people write by hand, and against the limit. */
export async function measureEndpoints(model: string, folder: string, seconds: number): Promise<void> {
  const measured = new Map<string, Load[]>();
  for (const start of await peers(folder)) {
    const peer = await start();
    measured.set(peer.name, await loads(peer, seconds));
    await peer.stop();
  }
  const ours = await slipway(model);
  for (const running of ours) measured.set(running.name, await loads(running, seconds));
  await Promise.all(ours.map((running) => running.stop()));

  const reference = measured.get(ours[0]?.name ?? '') ?? [];
  for (const [at, count] of connections.entries()) {
    const own = reference[at];
    printTable(
      [
        `iris, one row, ${count} connection${count > 1 ? 's' : ''}`,
        'req/s',
        'ours is',
        'p99 ms',
        'ours is',
        'failed',
      ],
      [...measured].map(([name, all]) => {
        const { rate, p99, failed } = all[at] as Load;
        const ratios = own
          ? [`${(own.rate / rate).toFixed(2)} ×`, `${(own.p99 / p99).toFixed(2)} ×`]
          : ['', ''];
        return [name, rate.toFixed(0), ratios[0] ?? '', p99.toFixed(2), ratios[1] ?? '', String(failed)];
      }),
    );
  }
}

async function loads({ url, body }: Running, seconds: number): Promise<Load[]> {
  await load(url, body, 8, 1);
  const all: Load[] = [];
  for (const count of connections) all.push(await load(url, body, count, seconds));
  return all;
}
