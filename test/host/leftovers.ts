import type Docker from 'dockerode';
import { readdirSync, readFileSync } from 'node:fs';

/** Marks everything that a run starts, as children inherit it. */
export const runVariable = 'SLIPWAY_TEST_RUN';

/** Ends every process that is marked with this run, however it came loose from its parent (Linux only). */
export function killLeftovers(id: string): number {
  if (process.platform !== 'linux') return 0;
  let killed = 0;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!pid || pid === process.pid) continue;
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`${runVariable}=${id}`))
        continue;
      process.kill(pid, 'SIGKILL');
      killed++;
    } catch {
      // It has ended meanwhile, or belongs to somebody else.
    }
  }
  return killed;
}

/** The containers that Slipway made on an engine, by id with their names. */
export async function slipwayContainers(docker: Docker): Promise<Map<string, string>> {
  const all = await docker.listContainers({ all: true, filters: { label: ['dev.slipway.kind'] } });
  return new Map(all.map(({ Id, Names }) => [Id, Names[0]?.slice(1) ?? Id]));
}

/** Removes the containers that Slipway made on an engine; one that can not be removed stays. */
export async function removeSlipwayContainers(docker: Docker): Promise<void> {
  for (const id of (await slipwayContainers(docker)).keys()) {
    await docker
      .getContainer(id)
      .remove({ force: true })
      .catch(() => undefined);
  }
}
