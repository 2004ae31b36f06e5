import type Docker from 'dockerode';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { labels } from '../../../src/core/docker/labels';

/**
 * Gives the targets of a workspace's `slipway.json` names of their own and ports that are free, so that nothing that somebody has
 * deployed with the sample workspace is touched. Answers the names.
 */
export async function ownTargets(workspace: string, prefix: string): Promise<string[]> {
  const file = join(workspace, 'slipway.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as { targets: Record<string, { ports?: object }> };
  const targets = Object.entries(config.targets).map(
    ([name, target]) => [`${prefix}-${name}`, { ...target, ports: undefined }] as const,
  );
  await writeFile(file, `${JSON.stringify({ ...config, targets: Object.fromEntries(targets) }, null, 2)}\n`);
  return targets.map(([name]) => name);
}

/** Removes from an engine what was deployed to these targets, and what was served from models in this folder. */
export async function removeContainers(docker: Docker, targets: string[], workspace: string): Promise<void> {
  const containers = await docker.listContainers({ all: true, filters: { label: [labels.kind] } });
  for (const { Id, Labels } of containers) {
    const deployed = targets.includes(Labels[labels.target] ?? '');
    const served = Labels[labels.modelPath]?.startsWith(`${workspace}/`);
    if (deployed || served) await docker.getContainer(Id).remove({ force: true });
  }
  for (const { Id, Labels } of await docker.listNetworks()) {
    if (targets.includes(Labels?.[labels.target] ?? '')) await docker.getNetwork(Id).remove();
  }
}
